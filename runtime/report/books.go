package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
)

// Books is the proof of the ledgers of points.
type Books struct {
	AsOf   string    `json:"as_of"`
	Sound  bool      `json:"sound"`
	Points []BooksOf `json:"points"`
}

// BooksOf is the proof of one kind of points.
type BooksOf struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// Members have entries, Entries are what they have together.
	Members int64 `json:"members"`
	Entries int64 `json:"entries"`
	// Accounts are all between which entries move points: what one gives another gets, so that their balances sum to
	// Balance, 0 where the books are sound.
	Accounts []Account `json:"accounts"`
	Balance  int64     `json:"balance"`
	// Liability is what members have and will have.
	Liability int64         `json:"liability"`
	Expiring  []ExpiryMonth `json:"expiring"`
	Never     int64         `json:"never_expiring"`
	// Found is how many differences there are, of which the first few thousand are listed.
	Found       int64        `json:"found"`
	Differences []Difference `json:"differences"`
}

// Account is one side of entries. Members' accounts have what members have; of the others the programme gives, below 0, or
// gets, above.
type Account struct {
	Account string `json:"account"`
	Balance int64  `json:"balance"`
}

// Difference is one place where the books are not what they must be.
type Difference struct {
	Member uint32  `json:"member"`
	ID     string  `json:"id,omitempty"` // for whoever knows the ids
	Lot    int64   `json:"lot"`          // 0 is the debt, or none
	At     *string `json:"at"`           // of the entry that shows it; null if none does
	Entry  string  `json:"entry,omitempty"`
	Text   string  `json:"text"`
}

// Accounts, in the order in which they are shown. Members have the first three.
const (
	active = iota
	pending
	belowZero
	fromEvents
	fromCampaigns
	byHand
	takenOff
	spentOn
	expired
	takenBack
	accounts
)

var accountNames = [accounts]string{
	"members, active", "members, pending", "members, below zero", "earned", "given by campaigns", "added by hand", "taken off by hand",
	"spent", "expired", "taken back",
}

// against is the account that an entry takes points from or gives them to; those that are not here move them between
// members' accounts.
var against = map[string]int{
	"earn": fromEvents, "give": fromCampaigns, "adjust": byHand, "take off": takenOff, "spend": spentOn, "return": spentOn,
	"expire": expired, "reverse": takenBack, "retract": takenBack,
}

// mostDifferences is how many differences are listed.
const mostDifferences = 5_000

// booksSum is books in the making.
type booksSum struct {
	members, entries, found int64
	accounts                [accounts]int64
	stand                   *pointsSum
	differences             []Difference
	has                     map[uint32][2]int64 // active less the debt, pending, as the entries say
}

// Books proves the ledgers of points: of a name, or of all if it is "".
func (r *Reader) Books(ctx context.Context, name string) (*Books, error) {
	places, err := chosen("points", name, r.prog.Points, func(p *ir.Points) string { return p.Name })
	if err != nil {
		return nil, err
	}
	out := &Books{AsOf: r.timeText(r.now), Sound: true, Points: []BooksOf{}}
	for _, i := range places {
		books, err := r.booksOf(ctx, i)
		if err != nil {
			return nil, err
		}
		out.Points = append(out.Points, books)
		out.Sound = out.Sound && books.Found == 0 && books.Balance == 0
	}
	return out, nil
}

func (r *Reader) booksOf(ctx context.Context, points int) (BooksOf, error) {
	p := r.prog.Points[points]
	begin := func() *booksSum { return &booksSum{stand: newPointsSum(), has: map[uint32][2]int64{}} }
	parts, err := walk(ctx, r, p.Facts, begin, func(s *booksSum, m *member) error {
		r.addBooks(s, points, m)
		return nil
	})
	if err != nil {
		return BooksOf{}, err
	}
	all := begin()
	for _, part := range parts {
		all.join(part)
	}
	if err := r.compareBalances(ctx, p, all); err != nil {
		return BooksOf{}, err
	}
	stand := pointsOf(p, all.stand)
	out := BooksOf{
		Name: p.Name, Title: p.Title, Members: all.members, Entries: all.entries, Liability: stand.Liability, Expiring: stand.Expiring,
		Never: stand.Never, Found: all.found, Differences: all.differences,
	}
	for i, balance := range all.accounts {
		out.Accounts = append(out.Accounts, Account{accountNames[i], balance})
		out.Balance += balance
	}
	slices.SortStableFunc(out.Differences, func(a, b Difference) int { return cmp.Compare(a.Member, b.Member) })
	if out.Differences == nil {
		out.Differences = []Difference{}
	}
	return out, nil
}

// addBooks posts the entries of a member and proves them.
func (r *Reader) addBooks(s *booksSum, points int, m *member) {
	var has [2]int64
	for _, f := range m.facts(r.prog.Points[points].Facts) {
		s.entries++
		a, p := f.number(ir.FactActive), f.number(ir.FactPending)
		has[0] += a
		has[1] += p
		side := active
		if f.number(ir.FactLot) == 0 {
			side = belowZero
		}
		s.accounts[side] += a
		s.accounts[pending] += p
		if other, ok := against[f.what()]; ok {
			s.accounts[other] -= a + p
		}
	}
	s.members++
	s.has[m.all.Number] = has
	r.addPoints(s.stand, points, m)
	for _, d := range m.account().Proof(points) {
		one := Difference{Member: m.all.Number, Lot: d.Lot, Entry: d.What, Text: d.Text}
		if d.What != "" {
			at := r.timeText(d.At)
			one.At = &at
		}
		s.differ(one)
	}
}

func (s *booksSum) differ(d Difference) {
	if s.found++; len(s.differences) < mostDifferences {
		s.differences = append(s.differences, d)
	}
}

func (s *booksSum) join(o *booksSum) {
	s.members += o.members
	s.entries += o.entries
	s.found += o.found - int64(len(o.differences))
	for i := range s.accounts {
		s.accounts[i] += o.accounts[i]
	}
	s.stand.join(o.stand)
	for _, d := range o.differences {
		s.differ(d)
	}
	for number, has := range o.has {
		s.has[number] = has
	}
}

// compareBalances holds what the engine says that members have, balance(P) and pending(P), to their entries.
func (r *Reader) compareBalances(ctx context.Context, p *ir.Points, s *booksSum) error {
	var nodes []*ir.Node
	for _, ask := range []string{"balance", "pending"} {
		text := fmt.Sprintf("%s(`%s`)", ask, p.Name)
		query, found := compiler.CompileQuery(r.prog, diag.NewFile("books", text), nil)
		if query == nil {
			return fmt.Errorf("%s cannot be asked for: %v", text, found)
		}
		defer r.view.Forget(query.Slots)
		nodes = append(nodes, query.Node)
	}
	return r.view.Values(ctx, nil, nodes, func(part runtime.Part) error {
		for _, number := range part.Members {
			lane := int(number - part.Base)
			says, has := [2]int64{part.Values[0].Value(lane).I, part.Values[1].Value(lane).I}, s.has[number]
			if says != has {
				s.differ(Difference{Member: number, Text: fmt.Sprintf(
					"the balance is shown as %d active and %d pending points, and the entries say %d and %d", says[0], says[1], has[0], has[1])})
			}
		}
		return nil
	})
}

// Tables are the books for people.
func (b *Books) Tables() (out []Table) {
	for _, x := range b.Points {
		sides := Table{Title: named(x.Name, x.Title) + ", as of " + periodText(Frame{AsOf: b.AsOf})[len("as of "):], Columns: append(left("account"), right("points")...)}
		for _, a := range x.Accounts {
			sides.Rows = append(sides.Rows, []string{a.Account, count(a.Balance)})
		}
		sides.Rows = append(sides.Rows, []string{"sum", count(x.Balance)})
		sides.Note = fmt.Sprintf("%s of %s; the liability is %s.",
			counted(x.Entries, "entry", "entries"), counted(x.Members, "member", "members"), counted(x.Liability, "point", "points"))
		expiring := Table{Title: "what expires, by the month of the last day", Columns: append(left("month"), right("points")...)}
		for _, m := range x.Expiring {
			expiring.Rows = append(expiring.Rows, []string{m.Month, count(m.Points)})
		}
		if x.Never > 0 {
			expiring.Rows = append(expiring.Rows, []string{"never", count(x.Never)})
		}
		out = append(out, sides, expiring)
		if x.Found > 0 {
			found := Table{Title: fmt.Sprintf("%s of %s", differences(x.Found), x.Name), Columns: left("member", "entry", "what")}
			for _, d := range x.Differences {
				who, when := d.ID, "-"
				if who == "" {
					who = fmt.Sprintf("#%d", d.Member)
				}
				if d.At != nil {
					when = (*d.At)[:16]
				}
				found.Rows = append(found.Rows, []string{who, when, d.Text})
			}
			out = append(out, found)
		}
	}
	return out
}

func differences(n int64) string {
	if n == 1 {
		return "1 difference"
	}
	return count(n) + " differences"
}
