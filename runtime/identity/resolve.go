package identity

import "slices"

// Claim is an id that a record carries, with what is known of it.
type Claim struct {
	Attribute int    // its place among the id attributes, in the order in which the rules declare them
	Text      string // normalised; not used of a digest
	Digest    bool   // a channel's hashed form: it leads to a member, but is no id to be kept
	Known     bool   // somebody has it
	Member    uint32 // who
}

// usable reports whether the claim says anything: a digest that nobody has does not.
func (c *Claim) usable() bool { return c.Known || !c.Digest }

// Decision is whose a record is.
type Decision struct {
	// Nobody is set if the record has no usable id. It cannot be accepted then, and nothing else is set.
	Nobody bool
	// New says that the record makes a member; otherwise it is Member's.
	New    bool
	Member uint32
	// Absorbed are the members that become part of Member, ascending.
	Absorbed []uint32
	// Attach are the places of the claims whose ids the member gets.
	Attach []int
	// Conflict is set if the members of the ids cannot be one.
	Conflict *Conflict
}

// Conflict says what stands against the ids of a record belonging to one member.
type Conflict struct {
	Attribute int      // of the single id attributes the first of which there would be two values
	Others    []uint32 // the members that ids of the record belong to, other than the one who gets the record; ascending
}

// Members tells what is known of the members that claims lead to.
type Members interface {
	// Single reports whether a member has at most one value of an id attribute.
	Single(attribute int) bool
	// Attributes is how many id attributes there are.
	Attributes() int
	// Holds returns a member's value of an id attribute that is single.
	Holds(member uint32, attribute int) (text string, ok bool, err error)
}

// Resolve decides whose a record with these ids is. Claims of one attribute keep their order; those of different
// attributes may come in any.
func Resolve(claims []Claim, members Members) (Decision, error) {
	r := resolution{claims: claims, members: members}
	for i := range claims {
		if claims[i].usable() {
			r.order = append(r.order, i)
		}
	}
	if len(r.order) == 0 {
		return Decision{Nobody: true}, nil
	}
	slices.SortStableFunc(r.order, func(i, j int) int { return claims[i].Attribute - claims[j].Attribute })
	owners := r.owners()
	if len(owners) == 1 && !r.anyNew() {
		return Decision{Member: owners[0]}, nil
	}
	attribute, err := r.contradiction(owners)
	if err != nil {
		return Decision{}, err
	}
	if attribute >= 0 {
		return r.disputed(attribute, owners)
	}
	d := Decision{New: true, Attach: r.distinctNew()}
	if len(owners) > 0 {
		d.New, d.Member, d.Absorbed = false, owners[0], owners[1:]
	}
	return d, nil
}

// resolution is a record on its way to a decision.
type resolution struct {
	claims  []Claim
	order   []int // places of the usable claims, by attribute
	members Members
}

// owners are the members that the claims lead to, ascending.
func (r *resolution) owners() []uint32 {
	var out []uint32
	for _, i := range r.order {
		if c := &r.claims[i]; c.Known {
			out = append(out, c.Member)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *resolution) anyNew() bool {
	return slices.ContainsFunc(r.order, func(i int) bool { return !r.claims[i].Known })
}

// distinctNew are the places of the claims of ids that nobody has, each id once.
func (r *resolution) distinctNew() []int {
	var out []int
	for _, i := range r.order {
		c := &r.claims[i]
		again := slices.ContainsFunc(out, func(j int) bool {
			return r.claims[j].Attribute == c.Attribute && r.claims[j].Text == c.Text
		})
		if !c.Known && !again {
			out = append(out, i)
		}
	}
	return out
}

// contradiction returns the first single attribute of which the owners and the new ids together have two values, or -1.
func (r *resolution) contradiction(owners []uint32) (attribute int, err error) {
	for attribute := range r.members.Attributes() {
		if !r.members.Single(attribute) {
			continue
		}
		var value string
		var has bool
		differs := func(text string) bool {
			if !has {
				value, has = text, true
			}
			return text != value
		}
		for _, i := range r.order {
			if c := &r.claims[i]; c.Attribute == attribute && !c.Known && differs(c.Text) {
				return attribute, nil
			}
		}
		if !has && len(owners) < 2 {
			continue
		}
		for _, m := range owners {
			text, ok, err := r.members.Holds(m, attribute)
			if err != nil {
				return 0, err
			}
			if ok && differs(text) {
				return attribute, nil
			}
		}
	}
	return -1, nil
}

// disputed gives the record to the owner of the id that is declared first, and him the new ids that he can have.
func (r *resolution) disputed(attribute int, owners []uint32) (Decision, error) {
	first := &r.claims[r.order[0]]
	d := Decision{New: !first.Known, Member: first.Member, Conflict: &Conflict{Attribute: attribute}}
	if d.New {
		d.Member = 0
	}
	for _, m := range owners {
		if d.New || m != d.Member {
			d.Conflict.Others = append(d.Conflict.Others, m)
		}
	}
	for _, i := range r.distinctNew() {
		fits, err := r.fits(&d, i)
		if err != nil {
			return Decision{}, err
		}
		if fits {
			d.Attach = append(d.Attach, i)
		}
	}
	return d, nil
}

// fits reports whether the member that gets the record can have one more of its new ids.
func (r *resolution) fits(d *Decision, place int) (bool, error) {
	c := &r.claims[place]
	if !r.members.Single(c.Attribute) {
		return true, nil
	}
	for _, i := range d.Attach {
		if r.claims[i].Attribute == c.Attribute {
			return false, nil
		}
	}
	if d.New {
		return true, nil
	}
	_, has, err := r.members.Holds(d.Member, c.Attribute)
	return !has, err
}
