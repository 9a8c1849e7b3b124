package runtime

import (
	"context"
	"slices"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Session is an engine over a store as its clock stands: what a command or a server asks.
type Session struct {
	*Engine
	Store    *storage.Store
	now      int64
	recorded map[string]storage.Cuts
	declared map[*ir.Ntile]bool
}

// OpenSession joins a program with a store. system is what the system's clock shows, in microseconds; the store may
// have a clock of its own. It does not look whether stored data contradict the program: see [Contradictions].
func OpenSession(st *storage.Store, prog *ir.Program, system int64, opt Options) (*Session, error) {
	recorded, err := st.Cuts()
	if err != nil {
		return nil, err
	}
	s := &Session{Store: st, now: st.Clock().Now(system), recorded: recorded, declared: make(map[*ir.Ntile]bool)}
	for _, n := range prog.Ntiles {
		s.declared[n] = true
	}
	opt.Cuts = s.cuts
	s.Engine = New(prog, st.Snapshot(), opt)
	return s, nil
}

// Now is the instant at which the session's clock stands, in microseconds.
func (s *Session) Now() int64 { return s.now }

// cuts gives the recorded cuts of a declared ntile while they hold: until the next local midnight. After that they are
// those of the last midnight. An ntile that is only asked for is cut at the instant asked.
func (s *Session) cuts(n *ir.Ntile, now int64) (cuts []ir.Cut, takeAt int64, ok bool) {
	if !s.declared[n] {
		return nil, now, false
	}
	zone := s.prog.Zone
	rec, found := s.recorded[n.Key]
	if found && rec.At <= now && now < zone.NextMidnight(rec.At) {
		return s.decode(n, rec), now, true
	}
	if !found {
		return nil, now, false
	}
	return nil, zone.Midnight(zone.DateOf(now)), false
}

// Settle takes the cuts of all declared ntiles as the clock stands and records them in the store: what happens after an
// import, a clock command, or an edit that brings an ntile in.
func (s *Session) Settle(ctx context.Context) error {
	if len(s.prog.Ntiles) == 0 {
		return nil
	}
	v := s.AsOf(s.now)
	out := make(map[string]storage.Cuts, len(s.prog.Ntiles))
	for _, n := range s.prog.Ntiles {
		cuts, err := v.Cuts(ctx, n)
		if err != nil {
			return err
		}
		out[n.Key] = s.encode(n, cuts)
	}
	if err := s.Store.SetCuts(out); err != nil {
		return err
	}
	s.recorded = out
	return nil
}

func (s *Session) encode(n *ir.Ntile, cuts []ir.Cut) storage.Cuts {
	out := storage.Cuts{Key: n.Key, At: s.now}
	for _, c := range cuts {
		var v column.Value
		switch c.From.Kind {
		case ir.Number:
			v = column.Float(c.From.F)
		case ir.Exact:
			v = column.Text(c.From.D.Text(s.prog.Digits))
		default:
			v = column.Int(c.From.I)
		}
		out.Values = append(out.Values, v)
		out.Groups = append(out.Groups, int(c.Group))
	}
	return out
}

func (s *Session) decode(n *ir.Ntile, rec storage.Cuts) []ir.Cut {
	kind := n.Expr.Type.Kind
	out := make([]ir.Cut, 0, len(rec.Values))
	for i, v := range rec.Values {
		from := ir.IntLike(kind, v.Int)
		switch kind {
		case ir.Number:
			from = ir.NumberValue(v.Float)
		case ir.Exact:
			d, _, ok := decimal.FromText(v.Text, s.prog.Digits)
			from = ir.Value{Known: ok, Kind: ir.Exact, D: d}
		}
		out = append(out, ir.Cut{From: from, Group: int64(rec.Groups[i])})
	}
	return slices.Clip(out)
}
