package deliver

import (
	"cmp"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
)

// States tells what an outbox holds for sinks, and for others that it still has messages or dead letters of, by name.
func States(store Store, sinks []*ir.Sink) ([]SinkState, error) {
	stored, err := store.Sinks()
	if err != nil {
		return nil, err
	}
	var all []SinkState
	for _, st := range stored {
		one := SinkState{SinkState: st}
		if one.Oldest, err = oldest(store, st); err != nil {
			return nil, err
		}
		declared := slices.ContainsFunc(sinks, func(s *ir.Sink) bool { return s.Name == st.Sink })
		if declared || st.Pending > 0 || st.Dead > 0 {
			all = append(all, one)
		}
	}
	for _, sink := range sinks {
		i := slices.IndexFunc(all, func(st SinkState) bool { return st.Sink == sink.Name })
		if i < 0 {
			i = len(all)
			all = append(all, SinkState{SinkState: storage.SinkState{Sink: sink.Name}})
		}
		all[i].Kind = kindOf(sink)
	}
	slices.SortFunc(all, func(a, b SinkState) int { return cmp.Compare(a.Sink, b.Sink) })
	return all, nil
}

func kindOf(sink *ir.Sink) string {
	if sink.File != "" {
		return "file"
	}
	return "webhook"
}

func oldest(store Store, st storage.SinkState) (at int64, err error) {
	if st.Pending == 0 {
		return 0, nil
	}
	some, err := store.Pending(st.Sink, 0, 1)
	if err != nil || len(some) == 0 {
		return 0, err
	}
	return some[0].At, nil
}
