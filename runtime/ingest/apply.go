package ingest

import (
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// applier takes mapped rows in file order: it finds or creates their members and stages their values.
type applier struct {
	*plan
	bulk       *storage.Bulk
	owners     []*owner // by place in plan.idAttrs
	events     *storage.BulkEvents
	attributes *storage.BulkAttributes
	table      *tableBuilder
	now        int64
	rejects    *rejects
	maxRejects int64
	counts     FileResult // of the file in hand
	line       int64      // line ends before the batch in hand
	hashes     []uint32

	into      map[uint32]uint32 // whom members of this import's merges became part of
	merges    []Merged
	joins     bool // members may become one
	conflicts int64
}

// owner is an id attribute with what is known of it.
type owner struct {
	*identifier
	ids *storage.IDs
	// held are the members with a value of an id that members have one of; nil where that is never asked.
	held *roaring.Bitmap
	// digests are the members by the channel's hash of their id, built when a hash first comes by.
	digests map[string]uint32
}

func newApplier(p *plan, bulk *storage.Bulk, r *rejects, maxRejects, now int64) (*applier, error) {
	a := &applier{plan: p, bulk: bulk, rejects: r, maxRejects: maxRejects, now: now}
	several := len(p.ids) > 1 || slices.ContainsFunc(p.idAttrs, func(id *identifier) bool { return id.id.Many })
	all := slices.Clone(p.idAttrs)
	for _, attribute := range p.program.Attributes { // those that the source does not give may stand against a merge
		given := slices.ContainsFunc(p.idAttrs, func(id *identifier) bool { return id.attribute == attribute })
		if several && attribute.ID != nil && !attribute.ID.Many && !given {
			all = append(all, &identifier{newIDNormaliser(attribute, nil), attribute})
		}
	}
	for _, id := range all {
		logical := "id"
		if id.id.Many {
			logical = "id many"
		}
		ids, err := bulk.IDs(storage.IDSchema{Name: id.name, Many: id.id.Many, Logical: logical})
		if err != nil {
			return nil, err
		}
		o := &owner{identifier: id, ids: ids}
		if !id.id.Many && several {
			o.held = roaring.New()
			ids.Each(func(_ []byte, member uint32) { o.held.Add(member) })
		}
		a.owners = append(a.owners, o)
	}
	var err error
	switch p.source.Target {
	case ir.ToEvent:
		a.events, err = bulk.Events(p.eventSchema)
	case ir.ToMember:
		a.attributes, err = bulk.Attributes(p.attributes)
	case ir.ToTable:
		a.table = newTableBuilder(p)
	}
	return a, err
}

// encoder returns a new encoder for the rows, or nil for a table.
func (a *applier) encoder() *storage.RowEncoder {
	switch {
	case a.events != nil:
		return a.events.Encoder()
	case a.attributes != nil:
		return a.attributes.Encoder()
	}
	return nil
}

// apply takes the rows of a batch.
func (a *applier) apply(b *batch) error {
	rejected, tabled := 0, 0
	for i := range b.rows {
		if i%warmRows == 0 {
			a.warm(b, b.rows[i:min(i+warmRows, len(b.rows))])
		}
		r := &b.rows[i]
		a.counts.Read++
		if r.rejected {
			if err := a.reject(b, r, b.fault[rejected]); err != nil {
				return err
			}
			rejected++
			continue
		}
		var f fault
		var err error
		if a.table != nil {
			f = a.table.add(&b.table[tabled])
			tabled++
		} else {
			f, err = a.take(b, r)
		}
		if err != nil {
			return err
		}
		if f.what != "" {
			if err := a.reject(b, r, f); err != nil {
				return err
			}
			continue
		}
		a.counts.Accepted++
	}
	a.line += int64(b.lines)
	return nil
}

// warmRows is how many rows have their ids brought into the cache before they are looked up one by one.
const warmRows = 32

// warm prepares the lookup of ids, where a source gives ids of one attribute.
func (a *applier) warm(b *batch, rows []stagedRow) {
	if len(a.owners) != 1 {
		return
	}
	a.hashes = a.hashes[:0]
	for i := range rows {
		for _, id := range b.ids[rows[i].idFrom:rows[i].idTo] {
			a.hashes = append(a.hashes, id.hash)
		}
	}
	a.owners[0].ids.Warm(a.hashes)
}

func (a *applier) reject(b *batch, r *stagedRow, f fault) error {
	a.counts.Rejected++
	if err := a.rejects.add(a.counts.Name, a.line+int64(r.line)+1, f, b.raw(r)); err != nil {
		return err
	}
	if a.maxRejects >= 0 && a.rejects.count > a.maxRejects {
		return &TooManyRejectsError{Limit: a.maxRejects}
	}
	return nil
}

// take finds the member of a row and stages the row; the fault says why not.
func (a *applier) take(b *batch, r *stagedRow) (fault, error) {
	ids := b.ids[r.idFrom:r.idTo]
	var member uint32
	if len(ids) == 1 && !ids[0].hashed {
		o, text := a.owners[ids[0].owner], b.arena[ids[0].from:ids[0].to]
		var ok bool
		if member, ok = o.ids.LookupHash(ids[0].hash, text); !ok {
			member = a.bulk.NewMember()
			if err := o.put(text, member); err != nil {
				return fault{}, err
			}
		}
		member = a.survivor(member)
	} else {
		var f fault
		var err error
		if member, f, err = a.resolve(b, ids); f.what != "" || err != nil {
			return f, err
		}
	}
	row := b.arena[r.from:r.to]
	if a.events != nil {
		at := r.at
		if !r.hasAt {
			at = a.now
		}
		return fault{}, a.events.Append(member, at, row)
	}
	if len(row) == 0 {
		return fault{}, nil
	}
	return fault{}, a.attributes.Append(member, row)
}

// resolve finds the member that the ids of a row belong to, or creates it, and gives it the ids that are new. Members whom
// the ids turn out to be one are from then on; what they brought before is put together when the rest is in the store.
func (a *applier) resolve(b *batch, ids []stagedID) (member uint32, f fault, err error) {
	claims := make([]identity.Claim, len(ids))
	for i, id := range ids {
		o, text := a.owners[id.owner], b.arena[id.from:id.to]
		m, ok := o.lookup(text, id.hashed)
		if ok {
			m = a.survivor(m)
		}
		claims[i] = identity.Claim{Attribute: int(id.owner), Text: string(text), Digest: id.hashed, Known: ok, Member: m}
	}
	d, err := identity.Resolve(claims, a)
	if err != nil {
		return 0, fault{}, err
	}
	if d.Nobody {
		return 0, fault{column: a.columnOf(int(ids[0].owner)), what: "no usable id: no member is known by this hash", bare: true}, nil
	}
	if len(d.Absorbed) > 0 && !a.joins {
		return 0, fault{what: "the ids of the row belong to two different members", bare: true}, nil
	}
	member = d.Member
	if d.New {
		member = a.bulk.NewMember()
	}
	for _, absorbed := range d.Absorbed {
		a.become(absorbed, member)
	}
	for _, i := range d.Attach {
		if err := a.owners[ids[i].owner].put(b.arena[ids[i].from:ids[i].to], member); err != nil {
			return 0, fault{}, err
		}
	}
	if d.Conflict != nil {
		a.conflict(member, d.Conflict, claims)
	}
	return member, fault{}, nil
}

// become makes a member part of another.
func (a *applier) become(absorbed, survivor uint32) {
	if a.into == nil {
		a.into = map[uint32]uint32{}
	}
	a.into[absorbed] = survivor
	a.merges = append(a.merges, Merged{absorbed, survivor})
	for _, o := range a.owners {
		if o.held != nil && o.held.Contains(absorbed) {
			o.held.Add(survivor)
		}
	}
}

// survivor is the member that one has become part of in this import, itself if it has not.
func (a *applier) survivor(member uint32) uint32 {
	for len(a.into) > 0 {
		next, merged := a.into[member]
		if !merged {
			break
		}
		member = next
	}
	return member
}

// conflict reports a row whose ids belong to members that cannot be one.
func (a *applier) conflict(member uint32, found *identity.Conflict, claims []identity.Claim) {
	c := storage.Conflict{At: a.now, Member: member, Others: found.Others, Attribute: a.owners[found.Attribute].name}
	for place, o := range a.owners {
		for _, claim := range claims {
			if claim.Attribute != place {
				continue
			}
			id := storage.ID{Attribute: o.name}
			if !claim.Digest {
				id.Text = claim.Text
			}
			c.IDs = append(c.IDs, id)
		}
	}
	a.conflicts++
	a.bulk.AddConflict(c)
}

// Attributes implements identity.Members.
func (a *applier) Attributes() int { return len(a.owners) }

// Single implements identity.Members.
func (a *applier) Single(attribute int) bool { return !a.owners[attribute].id.Many }

// Holds implements identity.Members. Which value it is does not matter, for no two members have the same, and nobody has
// one that is new: any text that stands for the member does, as long as it is no id.
func (a *applier) Holds(member uint32, attribute int) (string, bool, error) {
	held := a.owners[attribute].held
	return fmt.Sprintf("\x00%d", member), held != nil && held.Contains(member), nil
}

// columnOf is the column that gives an id.
func (a *applier) columnOf(owner int) string {
	for _, id := range a.ids {
		if id.owner == owner {
			return id.Column
		}
	}
	return ""
}

func (o *owner) lookup(text []byte, hashed bool) (uint32, bool) {
	if !hashed {
		return o.ids.Lookup(text)
	}
	if o.digests == nil {
		o.digests = map[string]uint32{}
		o.ids.Each(o.addDigests)
	}
	m, ok := o.digests[string(text)]
	return m, ok
}

func (o *owner) addDigests(text []byte, member uint32) {
	for _, d := range o.digester.Of(string(text)) {
		o.digests[string(d)] = member
	}
}

// put gives a member a new id.
func (o *owner) put(text []byte, member uint32) error {
	if o.held != nil {
		o.held.Add(member)
	}
	if o.digests != nil {
		o.addDigests(text, member)
	}
	return o.ids.Put(text, member)
}

// tableBuilder collects the rows of a table.
type tableBuilder struct {
	plan    *plan
	keys    []string
	seen    map[string]bool
	columns []*column.Builder
}

func newTableBuilder(p *plan) *tableBuilder {
	t := &tableBuilder{plan: p, seen: map[string]bool{}}
	for _, c := range p.tableSchema.Columns {
		t.columns = append(t.columns, column.NewBuilder(c.Kind, 0))
	}
	return t
}

// add appends a row; a key that came before is a fault.
func (t *tableBuilder) add(r *tableRow) fault {
	if t.seen[r.key] {
		return fault{column: t.plan.key.Column, value: r.key, what: "is the key of an earlier row"}
	}
	t.seen[r.key] = true
	t.keys = append(t.keys, r.key)
	for i, c := range t.columns {
		c.Append(r.values[i])
	}
	return fault{}
}

// table is what was collected.
func (t *tableBuilder) table() *storage.Table {
	out := &storage.Table{Name: t.plan.table.Name, Keys: t.keys, Columns: map[string]*column.Column{}}
	for i, c := range t.columns {
		out.Columns[t.plan.tableSchema.Columns[i].Name] = c.Column()
	}
	return out
}

// TooManyRejectsError says that an import was given up for the number of rows rejected. Nothing was imported.
type TooManyRejectsError struct {
	Limit int64
	File  string // where the rejected rows are
}

func (e *TooManyRejectsError) Error() string {
	return fmt.Sprintf("more than %d rows were rejected, so nothing was imported; they are in %s", e.Limit, e.File)
}
