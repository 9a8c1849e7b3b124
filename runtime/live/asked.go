package live

import (
	"errors"
	"slices"

	"github.com/muster-engine/muster/runtime/loyalty"
)

// Ask is what is asked of the programme for a member, beside what happens to it: points to be spent, a tier to be given.
type Ask struct {
	// Of is the declaration that is asked.
	Of string
	// Key names the request: the same one, given again, changes nothing.
	Key string `json:",omitempty"`
	// Points is how many; below 0 to take some away.
	Points int64 `json:",omitempty"`
	// Spent is the key of the spending of which a return is.
	Spent string `json:",omitempty"`
	// Until is the last date, in days since 1970, on which what is given holds; nil is what the rules say.
	Until *int64 `json:",omitempty"`
	// Tier is one by its name; By says who gives it.
	Tier, By string `json:",omitempty"`
}

// refusals are answers of an account that are no faults.
var refusals = []error{loyalty.ErrAmount, loyalty.ErrShort, loyalty.ErrUnspent, new(loyalty.Refusal)}

// asked carries out what is asked of the programme for a member that is there. do is given the member's account; a refusal
// of it rejects the input. When the journal is read back nothing is asked again: what followed is there.
func (g *group) asked(in Input, cause loyalty.Cause, do func(*loyalty.Account) error) (Outcome, error) {
	number, reason := g.known(in.IDs)
	switch {
	case reason != "":
		return rejected("%s", reason)
	case g.replaying:
		return Outcome{Status: Accepted, Member: number}, nil
	}
	m, err := g.member(number)
	if err != nil {
		return Outcome{}, err
	}
	t := g.turn(m, 0)
	before := len(t.Facts())
	err = steered(func() error { return do(t.Account(cause)) })
	if err == nil {
		return Outcome{Status: Accepted, Member: number}, nil
	}
	if len(t.Facts()) == before {
		m.turn = nil
	}
	if errors.Is(err, loyalty.ErrTwice) {
		return Outcome{Status: Duplicate, Member: number}, nil
	}
	if refusal := (*loyalty.Refusal)(nil); errors.As(err, &refusal) || slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) }) {
		return rejected("%s", err)
	}
	return Outcome{}, err
}
