package loyalty

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// A case follows from the events that open and close it, by their instants and not by their arrival: whatever comes late,
// twice or is retracted, the facts are brought to what the events say by now. A fact of a case is dated, and lies in the
// history, at the instant that it is about: that of the event, or the deadline.

// Episode is one time that a ticket was open: from an opening event to the first closing one after it.
type Episode struct {
	Ticket string
	Opened int64
	Due    int64    // the deadline, fixed when it was opened
	Closed int64    // or [OpenEnd] while it is open
	By     []string // the values of the fields that reports divide by; "" for an unknown one
	// Overdue says that the deadline passed while it was open.
	Overdue bool
	// Reopened says that an earlier episode of the ticket was closed.
	Reopened bool
	Cause    Cause // the opening event
}

// OpenEnd is when an episode closes that is open.
const OpenEnd = never

// Open reports whether the episode has not ended.
func (e Episode) Open() bool { return e.Closed == OpenEnd }

// What a fact of a case says. Those that undo carry the instant of what they undo.
const (
	whatOpen    = "open"
	whatClose   = "close"
	whatOverdue = "overdue"
	whatUnopen  = "not opened"
	whatUnclose = "not closed"
	whatOnTime  = "on time"
)

// Episodes returns the times that a case was open for the member, in the order of their opening.
func (a *Account) Episodes(c int) []Episode {
	var order []string
	seen := map[string]bool{}
	facts := a.k.prog.Cases[c].Facts
	for _, f := range a.of(facts) {
		if ticket := a.k.field(facts, f, ir.FactTicket).S; !seen[ticket] {
			seen[ticket] = true
			order = append(order, ticket)
		}
	}
	var out []Episode
	for _, ticket := range order {
		out = append(out, a.trace(c, ticket).episodes()...)
	}
	slices.SortStableFunc(out, func(x, y Episode) int { return cmp.Compare(x.Opened, y.Opened) })
	return out
}

// mark is one instant of an episode as facts record it.
type mark struct {
	what string
	at   int64
}

// undoing is what undoes a mark.
var undoing = map[string]string{whatOpen: whatUnopen, whatClose: whatUnclose, whatOverdue: whatOnTime}

// undone is the inverse of undoing.
var undone = map[string]string{whatUnopen: whatOpen, whatUnclose: whatClose, whatOnTime: whatOverdue}

// trace is what the facts say of a ticket: how often each instant is marked, less how often that was undone, and the
// episode that each opening begins. Facts of two members may mark an instant twice.
type trace struct {
	marked map[mark]int
	opened map[int64]Episode
}

func (a *Account) trace(c int, ticket string) trace {
	facts, k := a.k.prog.Cases[c].Facts, a.k
	t := trace{map[mark]int{}, map[int64]Episode{}}
	for _, f := range a.of(facts) {
		if k.field(facts, f, ir.FactTicket).S != ticket {
			continue
		}
		m := mark{k.field(facts, f, ir.FactWhat).S, k.field(facts, f, ir.FactDated).I}
		if undoes, ok := undone[m.what]; ok {
			t.marked[mark{undoes, m.at}]--
			continue
		}
		t.marked[m]++
		if _, known := t.opened[m.at]; m.what == whatOpen && !known {
			e := Episode{Ticket: ticket, Opened: m.at, Due: k.field(facts, f, ir.FactDueAt).I, Closed: OpenEnd}
			e.Cause = Cause{k.field(facts, f, ir.FactCause).S, k.field(facts, f, ir.FactCauseKey).S}
			_ = json.Unmarshal([]byte(k.field(facts, f, ir.FactBy).S), &e.By)
			t.opened[m.at] = e
		}
	}
	return t
}

// instants are those that are marked with something, in order.
func (t trace) instants(what string) (out []int64) {
	for m, n := range t.marked {
		if m.what == what && n > 0 {
			out = append(out, m.at)
		}
	}
	slices.Sort(out)
	return out
}

// episodes are the openings, each with the closing that belongs to it.
func (t trace) episodes() (out []Episode) {
	closings := t.instants(whatClose)
	for i, at := range t.instants(whatOpen) {
		e := t.opened[at]
		if i < len(closings) {
			e.Closed = closings[i]
		}
		e.Overdue, e.Reopened = t.marked[mark{whatOverdue, e.Due}] > 0, i > 0
		out = append(out, e)
	}
	return out
}

// wantedEpisodes are the episodes of a ticket that the events up to now make. An opening while it is open and a closing while it is
// not change nothing; of two at one instant the opening comes first. A deadline that is recorded stays.
func (a *Account) wantedEpisodes(c int, ticket string, recorded []Episode) (out []Episode) {
	decl := a.k.prog.Cases[c]
	closings := a.matching(decl.Close, decl.CloseMatch, ticket)
	for _, open := range a.matching(decl.Open, decl.OpenMatch, ticket) {
		if n := len(out); n > 0 && open.At <= out[n-1].Closed {
			continue
		}
		e := Episode{Ticket: ticket, Opened: open.At, Closed: OpenEnd, Cause: a.k.CauseOf(decl.Open, open)}
		for _, f := range decl.By {
			e.By = append(e.By, a.k.textOf(decl.Open, f, open))
		}
		if i := slices.IndexFunc(closings, func(x exprplan.Event) bool { return x.At >= open.At }); i >= 0 {
			e.Closed = closings[i].At
		}
		if i := slices.IndexFunc(recorded, func(r Episode) bool { return r.Opened == e.Opened }); i >= 0 {
			e.Due, e.Overdue = recorded[i].Due, recorded[i].Overdue
		} else {
			e.Due = a.k.deadline(decl, open.At)
		}
		e.Overdue = e.Closed > e.Due && (e.Overdue || !e.Open())
		out = append(out, e)
	}
	return out
}

// matching returns the events of a type up to now that have a text in a field.
func (a *Account) matching(event, field int, text string) (out []exprplan.Event) {
	for _, e := range a.until(event) {
		if a.k.textOf(event, field, e) == text {
			out = append(out, e)
		}
	}
	return out
}

// settleCases brings the cases that an event opens or closes to what the events say.
func (a *Account) settleCases(event int, e exprplan.Event) {
	for i, decl := range a.k.prog.Cases {
		switch event {
		case decl.Open:
			a.settleCase(i, a.k.textOf(event, decl.OpenMatch, e), a.k.CauseOf(event, e))
		case decl.Close:
			a.settleCase(i, a.k.textOf(event, decl.CloseMatch, e), a.k.CauseOf(event, e))
		}
	}
}

// SettleCases brings all cases to what the events say, after the histories of two members were joined or parted.
func (a *Account) SettleCases(cause Cause) {
	for i, decl := range a.k.prog.Cases {
		tickets := map[string]bool{}
		for _, e := range a.until(decl.Open) {
			tickets[a.k.textOf(decl.Open, decl.OpenMatch, e)] = true
		}
		for _, e := range a.Episodes(i) {
			tickets[e.Ticket] = true
		}
		for _, ticket := range sortedKeys(tickets) {
			a.settleCase(i, ticket, cause)
		}
	}
}

func sortedKeys(set map[string]bool) (out []string) {
	for key := range set {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// marks are what facts should record of episodes.
func marks(episodes []Episode) map[mark]Episode {
	out := map[mark]Episode{}
	for _, e := range episodes {
		out[mark{whatOpen, e.Opened}] = e
		if !e.Open() {
			out[mark{whatClose, e.Closed}] = e
		}
		if e.Overdue {
			out[mark{whatOverdue, e.Due}] = e
		}
	}
	return out
}

// settleCase records the difference between what the events say of a ticket and what is recorded.
func (a *Account) settleCase(c int, ticket string, cause Cause) {
	if ticket == "" {
		return
	}
	is := a.trace(c, ticket)
	should := marks(a.wantedEpisodes(c, ticket, is.episodes()))
	var missing, wrong []mark
	for m := range should {
		if is.marked[m] <= 0 {
			missing = append(missing, m)
		}
	}
	for m, n := range is.marked {
		if _, right := should[m]; right {
			n--
		}
		for range n {
			wrong = append(wrong, m)
		}
	}
	for _, m := range inOrder(wrong) {
		a.mark(c, mark{undoing[m.what], m.at}, Episode{Ticket: ticket, Due: is.opened[m.at].Due}, cause)
	}
	for _, m := range inOrder(missing) {
		a.mark(c, m, should[m], cause)
	}
}

// inOrder sorts marks by their instants; what opens comes before what closes.
func inOrder(list []mark) []mark {
	slices.SortFunc(list, func(x, y mark) int { return cmp.Or(cmp.Compare(x.at, y.at), -cmp.Compare(x.what, y.what)) })
	return list
}

// mark records an instant of an episode.
func (a *Account) mark(c int, m mark, e Episode, cause Cause) {
	decl := a.k.prog.Cases[c]
	if m.what == whatOpen {
		cause = e.Cause
	}
	f := a.fact(decl.Facts, m.what).time(ir.FactDated, m.at).text(ir.FactRule, decl.Name).text(ir.FactTicket, e.Ticket).
		text(ir.FactCause, cause.Kind).text(ir.FactCauseKey, cause.Key)
	if e.Due != 0 {
		f.time(ir.FactDueAt, e.Due)
	}
	if len(e.By) > 0 {
		by, _ := json.Marshal(e.By)
		f.text(ir.FactBy, string(by))
	}
	switch m.what {
	case whatOpen, whatUnclose:
		f.number(ir.FactOpen, 1)
	case whatClose, whatUnopen:
		f.number(ir.FactOpen, -1)
	case whatOverdue:
		f.number(ir.FactOverdue, 1)
	case whatOnTime:
		f.number(ir.FactOverdue, -1)
	}
	a.addAt(m.at, f)
}
