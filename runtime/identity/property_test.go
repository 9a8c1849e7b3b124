package identity

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// layer is a member as a naive model sees it: what it was itself given, and whom it has absorbed. What counts is worked
// out anew from all layers each time it is asked.
type layer struct {
	set      map[string]storage.Stamped
	own, on  map[string]bool // lists: put on by itself, and on in any way
	ids      map[storage.ID]bool
	absorbed []*layer
	into     *layer
}

type happening struct {
	at     int64
	key    string
	serial int
	of     int // the number of the layer that brought it
}

// counts is what is set last in the layer or in those that it absorbed.
func (l *layer) counts(name string) (best storage.Stamped, ever bool) {
	best, ever = l.set[name]
	for _, a := range l.absorbed {
		if s, has := a.counts(name); has && (!ever || s.Stamp > best.Stamp) {
			best, ever = s, true
		}
	}
	return best, ever
}

func (l *layer) allIDs() map[storage.ID]bool {
	out := maps.Clone(l.ids)
	for _, a := range l.absorbed {
		maps.Copy(out, a.allIDs())
	}
	return out
}

// TestMergeAndSplitAgainstLayers runs sets, clears, list uploads, merges and splits in any order.
func TestMergeAndSplitAgainstLayers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"city", "name", "tag:foot"}
		lists := []string{"vip", "stop"}
		n := rapid.IntRange(2, 5).Draw(t, "members")
		model := make([]*layer, n)
		members := make([]*Member, n)
		records := map[int]*storage.Merge{}
		var stamps Stamps
		for i := range n {
			model[i] = &layer{set: map[string]storage.Stamped{}, own: map[string]bool{}, on: map[string]bool{}, ids: map[storage.ID]bool{{Attribute: "u", Text: fmt.Sprint(i)}: true}}
			members[i] = &Member{Number: uint32(i), IDs: []storage.ID{{Attribute: "u", Text: fmt.Sprint(i)}}, Set: map[string]storage.Stamped{}, Lists: map[string]bool{}}
			for _, name := range names {
				if rapid.Bool().Draw(t, "old value") { // from before stamps were kept
					s := storage.Stamped{Value: column.Int(int64(i))}
					model[i].set[name], members[i].Set[name] = s, s
				}
			}
		}
		live := func() (out []int) {
			for i, l := range model {
				if l.into == nil {
					out = append(out, i)
				}
			}
			return out
		}
		of := func(survivor int) (out []*storage.Merge) {
			for _, a := range slices.Sorted(maps.Keys(records)) {
				if int(records[a].Survivor) == survivor {
					out = append(out, records[a])
				}
			}
			return out
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				i := rapid.SampledFrom(live()).Draw(t, "member")
				name := rapid.SampledFrom(names).Draw(t, "name")
				s := storage.Stamped{Stamp: stamps.Next(rapid.Int64Range(0, 20).Draw(t, "clock"))}
				if rapid.Bool().Draw(t, "known") {
					s.Value = column.Int(s.Stamp)
				}
				model[i].set[name], members[i].Set[name] = s, s
			},
			"enlist": func(t *rapid.T) {
				i := rapid.SampledFrom(live()).Draw(t, "member")
				list := rapid.SampledFrom(lists).Draw(t, "list")
				model[i].own[list], model[i].on[list], members[i].Lists[list] = true, true, true
				Enlisted(of(i), list)
			},
			"delist": func(t *rapid.T) {
				i := rapid.SampledFrom(live()).Draw(t, "member")
				list := rapid.SampledFrom(lists).Draw(t, "list")
				delete(model[i].own, list)
				delete(model[i].on, list)
				delete(members[i].Lists, list)
			},
			"merge": func(t *rapid.T) {
				two := rapid.SliceOfNDistinct(rapid.SampledFrom(live()), 0, 2, rapid.ID[int]).Draw(t, "two")
				if len(two) < 2 {
					t.Skip("one alone")
				}
				s, a := min(two[0], two[1]), max(two[0], two[1])
				model[a].into = model[s]
				model[s].absorbed = append(model[s].absorbed, model[a])
				for list := range model[a].on {
					model[s].on[list] = true
				}
				records[a] = Merge(members[s], members[a], 7)
				members[a] = nil
			},
			"split": func(t *rapid.T) {
				var able []int
				for a, m := range records {
					if model[m.Survivor].into == nil {
						able = append(able, a)
					}
				}
				if len(able) == 0 {
					t.Skip("nothing to split")
				}
				slices.Sort(able)
				a := rapid.SampledFrom(able).Draw(t, "absorbed")
				s := int(records[a].Survivor)
				l := model[a]
				l.into = nil
				model[s].absorbed = slices.DeleteFunc(model[s].absorbed, func(x *layer) bool { return x == l })
				for list := range l.on {
					others := slices.ContainsFunc(model[s].absorbed, func(x *layer) bool { return x.on[list] })
					if !model[s].own[list] && !others {
						delete(model[s].on, list)
					}
				}
				m := records[a]
				delete(records, a)
				members[a] = Split(members[s], m, of(s))
			},
			"": func(t *rapid.T) {
				for _, i := range live() {
					for _, name := range names {
						want, ever := model[i].counts(name)
						got, has := members[i].Set[name]
						if ever != has || !same(want, got) {
							t.Fatalf("member %d: %s is %+v (%v), by the layers %+v (%v)", i, name, got, has, want, ever)
						}
					}
					if !maps.Equal(model[i].on, members[i].Lists) {
						t.Fatalf("member %d: lists %v, by the layers %v", i, members[i].Lists, model[i].on)
					}
					ids := map[storage.ID]bool{}
					for _, id := range members[i].IDs {
						ids[id] = true
					}
					if !maps.Equal(ids, model[i].allIDs()) || len(ids) != len(members[i].IDs) {
						t.Fatalf("member %d: ids %v, by the layers %v", i, members[i].IDs, model[i].allIDs())
					}
				}
			},
		})
	})
}

// TestMergedHistories compares with sorting everything, and takes it apart again.
func TestMergedHistories(t *testing.T) {
	h := History[happening]{At: func(e happening) int64 { return e.at }, Key: func(e happening) string { return e.key }}
	rapid.Check(t, func(t *rapid.T) {
		serial := 0
		draw := func(of int) []happening {
			var out []happening
			for range rapid.IntRange(0, 6).Draw(t, "events") {
				serial++
				e := happening{at: rapid.Int64Range(0, 3).Draw(t, "at"), serial: serial, of: of}
				if k := rapid.IntRange(0, 5).Draw(t, "key"); k > 0 && !slices.ContainsFunc(out, func(o happening) bool { return o.key == fmt.Sprint(k) }) {
					e.key = fmt.Sprint(k)
				}
				out = append(out, e)
			}
			slices.SortStableFunc(out, func(a, b happening) int { return int(a.at - b.at) })
			return out
		}
		s, a := draw(0), draw(1)
		merged, doubles := h.Merge(s, a)
		want := slices.Clone(s)
		for _, e := range a {
			if e.key == "" || !slices.ContainsFunc(s, func(o happening) bool { return o.key == e.key }) {
				want = append(want, e)
			}
		}
		slices.SortStableFunc(want, func(a, b happening) int { return int(a.at - b.at) })
		if !slices.Equal(merged, want) {
			t.Fatalf("%v and %v make %v, want %v", s, a, merged, want)
		}
		stay, going := h.Split(merged, doubles, func(e happening) bool { return e.of == 1 })
		if !slices.Equal(stay, s) {
			t.Fatalf("%v stay, there were %v", stay, s)
		}
		same := func(x, y []happening) bool {
			order := func(a, b happening) int { return a.serial - b.serial }
			return slices.Equal(slices.SortedFunc(slices.Values(x), order), slices.SortedFunc(slices.Values(y), order))
		}
		if !same(going, a) || !slices.IsSortedFunc(going, func(a, b happening) int { return int(a.at - b.at) }) {
			t.Fatalf("%v go, they were %v", going, a)
		}
	})
}

// TestStampsAsStored holds what is read to what was set, in whatever order names were set and cleared.
func TestStampsAsStored(t *testing.T) {
	isID := func(name string) bool { return name == "phone" }
	rapid.Check(t, func(t *rapid.T) {
		values := Values{"phone": column.Text("1")}
		want := map[string]storage.Stamped{}
		if rapid.Bool().Draw(t, "old value") {
			values["city"] = column.Int(0)
			want["city"] = storage.Stamped{Value: column.Int(0)}
		}
		var stamps Stamps
		check := func() {
			if got := Read(values, isID); !maps.EqualFunc(got, want, same) {
				t.Fatalf("%v is read as %v, want %v", values, got, want)
			}
		}
		for range rapid.IntRange(0, 8).Draw(t, "records") {
			stamp := stamps.Next(rapid.Int64Range(1, 9).Draw(t, "clock"))
			for range rapid.IntRange(1, 3).Draw(t, "names") {
				name := rapid.SampledFrom([]string{"city", "name", "tag:foot"}).Draw(t, "name")
				s := storage.Stamped{Stamp: stamp}
				if rapid.Bool().Draw(t, "known") {
					s.Value = column.Int(stamp)
				}
				Put(values, isID, name, s.Value, stamp)
				want[name] = s
			}
			check()
			if rapid.Bool().Draw(t, "written anew") {
				values = Write(want)
				values["phone"] = column.Text("1")
				check()
			}
		}
	})
}
