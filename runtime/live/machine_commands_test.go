package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/storage"
)

// commandClock pins, advances or frees the clock by a command.
func (m *machine) commandClock(t *rapid.T) {
	const hour = 3600_000_000
	ctx, most := context.Background(), int64(26*hour)
	if m.rules.ticks > 0 { // the model looks at many instants
		most = 4 * hour
	}
	to := min(m.drawClock(t), m.now()+most)
	var err error
	switch how := rapid.IntRange(0, 2).Draw(t, "how"); {
	case how == 0 && m.pinned:
		_, err = m.engine.AdvanceClock(ctx, func(from int64) (int64, error) {
			if from != m.now() {
				t.Fatalf("the clock is at %s, not %s", utc(from), utc(m.now()))
			}
			return to, nil
		})
	case how == 1 && m.pinned:
		before := m.system.Swap(to)
		if _, err = m.engine.SetClock(ctx, storage.Clock{}); err == nil {
			m.pinned = false
		} else {
			m.system.Store(before)
		}
	default:
		if _, err = m.engine.SetClock(ctx, storage.Clock{Pinned: true, At: to}); err == nil {
			m.pinned = true
		}
	}
	var refused *ClockError
	if errors.As(err, &refused) && to < m.now() {
		return
	}
	m.must(err)
	m.must(m.model.passBy(to, "clock"))
	m.crossings()
}

// kept is a submission that counts once, with what was answered to it.
type kept struct {
	once   Once
	inputs []Input
	answer []byte
	at     int64 // by the system's clock
}

// once hands over inputs that count once, some of them again, at times something else under their key.
func (m *machine) once(t *rapid.T) {
	ctx := context.Background()
	newest := int64(0)
	for _, k := range m.kept {
		newest = max(newest, k.at)
	}
	m.kept = slices.DeleteFunc(m.kept, func(k kept) bool { return newest-k.at > (storage.ReceiptDays-1)*24*calendar.Hour }) // may be gone
	if len(m.kept) > 0 && rapid.Bool().Draw(t, "again") {
		k := rapid.SampledFrom(m.kept).Draw(t, "which")
		want := error(nil)
		if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
			k.once.Content[0]++
			want = ErrOtherContent
		}
		got, again, err := m.engine.SubmitOnce(ctx, k.inputs, k.once)
		if !errors.Is(err, want) || err == nil && (!again || !bytes.Equal(got, k.answer)) {
			t.Fatalf("sent again: %s, %t, %v; the answer was %s", got, again, err, k.answer)
		}
		m.must(m.model.pass(m.now()))
		return
	}
	var outcomes []Outcome
	k := kept{inputs: m.inputs(t, rapid.IntRange(0, 3).Draw(t, "inputs"))}
	m.asked++
	k.at = m.system.Load()
	k.once = Once{Key: [32]byte{byte(m.asked), byte(m.asked >> 8), 1}, Content: [32]byte{5}, Answer: func(out []Outcome) []byte {
		outcomes = out
		text, _ := json.Marshal(out)
		return text
	}}
	answer, again, err := m.engine.SubmitOnce(ctx, k.inputs, k.once)
	m.must(err)
	if k.answer, _ = json.Marshal(outcomes); again || !bytes.Equal(answer, k.answer) {
		t.Fatalf("the answer is %s, taken before: %t", answer, again)
	}
	m.kept = append(m.kept, k)
	m.taken(k.inputs, outcomes)
}
