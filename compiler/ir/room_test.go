package ir

import "testing"

func TestRoomIsUsedAgainAndNeverTwiceAtOnce(t *testing.T) {
	var r Room
	for round := range 4 {
		seen := map[*Value]bool{}
		for n := range 300 {
			some := r.Take(n)
			if len(some) != n || cap(some) != n {
				t.Fatalf("%d values with room for %d, not %d", len(some), cap(some), n)
			}
			for i := range some {
				if some[i].Known || some[i].I != 0 || seen[&some[i]] {
					t.Fatalf("round %d: value %d of %d is in use", round, i, n)
				}
				seen[&some[i]] = true
				some[i] = IntLike(Int, int64(n))
			}
		}
		r.Reset()
	}
	if allocated := testing.AllocsPerRun(10, func() {
		for range 100 {
			r.Take(50)
		}
		r.Reset()
	}); allocated > 0 {
		t.Errorf("%v times memory was asked for, though there was room", allocated)
	}
	if huge := r.Take(10 * mostRoom); len(huge) != 10*mostRoom {
		t.Errorf("%d values", len(huge))
	}
	var none *Room
	if len(none.Take(3)) != 3 {
		t.Error("without a room there are no values")
	}
}
