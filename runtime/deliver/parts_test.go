package deliver

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/storage"
)

// failingStore refuses to note what was handed over while it is told to.
type failingStore struct {
	Store
	failing atomic.Bool
}

func (s *failingStore) Acknowledge(done []storage.Handed) error {
	if s.failing.Load() {
		return errors.New("no space left on device")
	}
	return s.Store.Acknowledge(done)
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	for failures, most := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 5: 16, 9: 256, 10: 300, 1000: 300} {
		whole := func() float64 { return 1 }
		if got := backoff(failures, time.Second, 300*time.Second, whole); got != most*time.Second {
			t.Errorf("after %d failures it is %v, not %v", failures, got, most*time.Second)
		}
		if got := backoff(failures, time.Second, 300*time.Second, func() float64 { return 0.25 }); got != most*time.Second/4 {
			t.Errorf("after %d failures a quarter is %v", failures, got)
		}
	}
}

func TestABucketLetsItsRatePass(t *testing.T) {
	now := time.Unix(0, 0)
	b := bucket{rate: 4}
	passed := 0
	for range 100 { // 10 seconds
		for b.take(now) == 0 {
			passed++
		}
		now = now.Add(100 * time.Millisecond)
	}
	if passed < 42 || passed > 44 { // a burst of 4, then 4 a second
		t.Errorf("%d passed", passed)
	}
	now = now.Add(time.Hour)
	for passed = 0; b.take(now) == 0; passed++ {
	}
	if passed != 4 {
		t.Errorf("after an hour %d passed at once", passed)
	}
	if wait := b.take(now); wait != 250*time.Millisecond {
		t.Errorf("it says to wait %v", wait)
	}
	none := bucket{}
	if none.take(now) != 0 {
		t.Error("no limit limits")
	}
}

func TestRetryAfterIsReadEitherWay(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "99999999": time.Hour,
		"Mon, 01 Jun 2026 12:01:00 GMT": time.Minute, "Mon, 01 Jun 2026 11:00:00 GMT": 0, "Tue, 02 Jun 2026 12:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q is %v, not %v", text, got, want)
		}
	}
}

func TestKeysStandInHeaders(t *testing.T) {
	for key, want := range map[string]string{"a/1": "a/1", "欢 %\n": "%E6%AC%A2%20%25%0A"} {
		if got := headerText(key); got != want {
			t.Errorf("%q is %s, not %s", key, got, want)
		}
	}
}
