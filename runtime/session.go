package runtime

import (
	"context"

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
	rec, found := s.recorded[n.Hash]
	if found && rec.Imports != len(s.Store.Imports()) {
		return nil, now, false // an import was cut off before it took new ones
	}
	if found && rec.At <= now && now < zone.NextMidnight(rec.At) {
		return decodeCuts(n, rec), now, true
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
		taken := encodeCuts(n.Hash, cuts, s.now)
		taken.Imports = len(s.Store.Imports())
		out[n.Hash] = taken
	}
	if err := s.Store.SetCuts(out); err != nil {
		return err
	}
	s.recorded = out
	return nil
}

// EncodeCuts puts cuts taken at an instant into the store's terms, by the hash of their ntile.
func EncodeCuts(cuts map[string][]ir.Cut, at int64) map[string]storage.Cuts {
	out := make(map[string]storage.Cuts, len(cuts))
	for key, list := range cuts {
		out[key] = encodeCuts(key, list, at)
	}
	return out
}

// DecodeCuts is the reverse of [EncodeCuts], for the ntiles that the program declares.
func DecodeCuts(p *ir.Program, recorded map[string]storage.Cuts) map[string][]ir.Cut {
	out := make(map[string][]ir.Cut)
	for _, n := range p.Ntiles {
		if rec, ok := recorded[n.Hash]; ok {
			out[n.Hash] = decodeCuts(n, rec)
		}
	}
	return out
}

func encodeCuts(key string, cuts []ir.Cut, at int64) storage.Cuts {
	out := storage.Cuts{Key: key, At: at}
	for _, c := range cuts {
		v := column.Int(c.From.I)
		if c.From.Kind == ir.Number {
			v = column.Float(c.From.F)
		}
		out.Values = append(out.Values, v)
		out.Groups = append(out.Groups, int(c.Group))
	}
	return out
}

func decodeCuts(n *ir.Ntile, rec storage.Cuts) []ir.Cut {
	kind := n.Expr.Type.Kind
	out := make([]ir.Cut, 0, len(rec.Values))
	for i, v := range rec.Values {
		from := ir.IntLike(kind, v.Int)
		if kind == ir.Number {
			from = ir.NumberValue(v.Float)
		}
		out = append(out, ir.Cut{From: from, Group: int64(rec.Groups[i])})
	}
	return out
}
