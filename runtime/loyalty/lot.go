package loyalty

import (
	"cmp"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
)

// never is the last date of a lot that does not expire.
const never = 1<<62 - 1

// debt is the lot on which a balance goes below zero.
const debt = 0

// Lot is points that were earned together.
type Lot struct {
	ID              int64
	Active, Pending int64 // what is left
	Expires         int64 // the last date on which they hold, or never
	Due             int64 // the first date on which what is pending is active
	Dated           int64 // the instant that they count for
	Cause           Cause
	Rule            string
	// Granted is what it began with, Taken what reversals have taken of it (from it or below zero for it).
	Granted, Taken int64
	// Void says that the event that earned it was taken back itself.
	Void bool
}

// Lapses reports whether the lot ever expires.
func (l Lot) Lapses() bool { return l.Expires != never }

// What an entry of the ledger does.
const (
	whatEarn     = "earn"
	whatGive     = "give" // by a campaign
	whatActivate = "activate"
	whatPayOff   = "pay off" // of the debt, by a lot
	whatSpend    = "spend"
	whatReturn   = "return"
	whatExpire   = "expire"
	whatReverse  = "reverse"
	whatRetract  = "retract"
	whatAdjust   = "adjust"
	whatTakeOff  = "take off" // an adjustment below 0
)

// Lots returns the lots of a points declaration as they are now, the debt included if there is one, by number.
func (a *Account) Lots(points int) []Lot { return slices.Clone(a.ledger(points).lots) }

// ledger is the lots of a points declaration as its entries so far have made them.
type ledger struct {
	read int   // how many entries
	lots []Lot // by number
}

// ledger reads the entries that were added since it was called last. What it returns is good until the next entry.
func (a *Account) ledger(points int) *ledger {
	if a.ledgers == nil {
		a.ledgers = make([]ledger, len(a.k.prog.Points))
	}
	l, facts := &a.ledgers[points], a.k.prog.Points[points].Facts
	entries, places := a.of(facts), a.k.entries[points]
	if l.lots == nil {
		l.lots = make([]Lot, 0, len(entries)+1)
	}
	for ; l.read < len(entries); l.read++ {
		l.enter(entries[l.read].Fields, places)
	}
	return l
}

// places are where the fields of the entries of a points declaration lie.
type places struct{ what, lot, active, pending, other, dated, cause, key, rule, expires, due int }

func placesOf(l layout) places {
	return places{
		what: l[ir.FactWhat], lot: l[ir.FactLot], active: l[ir.FactActive], pending: l[ir.FactPending], other: l[ir.FactFor],
		dated: l[ir.FactDated], cause: l[ir.FactCause], key: l[ir.FactCauseKey], rule: l[ir.FactRule], expires: l[ir.FactExpires],
		due: l[ir.FactDue],
	}
}

// find is the place of a lot.
func (l *ledger) find(id int64) (int, bool) {
	return slices.BinarySearchFunc(l.lots, id, func(x Lot, id int64) int { return cmp.Compare(x.ID, id) })
}

// enter lets an entry take effect.
func (l *ledger) enter(fields []ir.Value, at places) {
	id, active, pending := fields[at.lot].I, fields[at.active].I, fields[at.pending].I
	i, there := l.find(id)
	if !there {
		l.lots = slices.Insert(l.lots, i, Lot{ID: id, Expires: never})
	}
	lot := &l.lots[i]
	lot.Active += active
	lot.Pending += pending
	switch what := fields[at.what].S; what {
	case whatReverse, whatRetract:
		lot.Taken -= active + pending
		if id == debt {
			if j, ok := l.find(fields[at.other].I); ok {
				lot = &l.lots[j]
				lot.Taken -= active
			}
		}
		lot.Void = lot.Void || what == whatRetract
	case whatEarn, whatGive, whatAdjust:
		lot.Granted += active + pending
		lot.Dated = fields[at.dated].I
		lot.Cause = Cause{fields[at.cause].S, fields[at.key].S}
		lot.Rule = fields[at.rule].S
		if v := fields[at.expires]; v.Known {
			lot.Expires = v.I
		}
		lot.Due = fields[at.due].I
	}
}

// byExpiry orders lots as spending takes them: what expires first, then what was earned first.
func byExpiry(x, y Lot) int {
	return cmp.Or(cmp.Compare(x.Expires, y.Expires), cmp.Compare(x.ID, y.ID))
}

// Balance returns the active points, below zero if there is a debt, and the pending ones.
func (a *Account) Balance(points int) (active, pending int64) {
	for _, l := range a.ledger(points).lots {
		active += l.Active
		pending += l.Pending
	}
	return active, pending
}
