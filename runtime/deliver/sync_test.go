package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const syncShop = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  city string  grade enum "C" "B" "A"  nick set of string }
event order { order_id key  amount money }
tag spend = sum(order.amount) in last 30 days
tag town = city
tag level = grade
tag nicks = nick
segment buyers = has(order) in last 2 days
segment big = spend >= 100
sink crm { webhook env "CRM_URL" secret env "CRM_SECRET" }
sync nightly to crm daily at 02:00 { segments buyers, big  tags spend, town, level, nicks }
`

// mirror is the receiving side of a sync: it keeps what it was told of members.
type mirror struct {
	*httptest.Server
	t      testing.TB
	mu     sync.Mutex
	answer func(w http.ResponseWriter) bool // whether the lines are taken
	state  map[uint32]map[string]any        // by member: tags, and true for segments
	lines  []string
	runs   map[float64]bool // that ended
}

func newMirror(t testing.TB) *mirror {
	m := &mirror{t: t, state: map[uint32]map[string]any{}, runs: map[float64]bool{}}
	m.Server = httptest.NewServer(http.HandlerFunc(m.take))
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if err := Verify([]byte("secret"), r.Header, body, r.Header.Get(timestampHeader)); err != nil {
		m.t.Errorf("the signature does not verify: %v", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answer != nil && !m.answer(w) {
		return
	}
	for _, text := range bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")) {
		m.lines = append(m.lines, string(text))
		var l map[string]any
		if err := json.Unmarshal(text, &l); err != nil {
			m.t.Errorf("no JSON: %s", text)
			continue
		}
		m.line(l)
	}
}

func (m *mirror) line(l map[string]any) {
	if l["begin"] != nil {
		if l["whole"] == true {
			m.state = map[uint32]map[string]any{}
		}
		return
	}
	if l["end"] != nil {
		m.runs[l["run"].(float64)] = true
		return
	}
	member := uint32(l["member"].(float64))
	if m.state[member] == nil {
		m.state[member] = map[string]any{}
	}
	for _, s := range list(l["enter"]) {
		m.state[member][s.(string)] = true
	}
	for _, s := range list(l["leave"]) {
		delete(m.state[member], s.(string))
	}
	tags, _ := l["tags"].(map[string]any)
	for name, change := range tags {
		m.state[member][name] = change.(map[string]any)["new"]
		if m.state[member][name] == nil {
			delete(m.state[member], name)
		}
	}
	if len(m.state[member]) == 0 {
		delete(m.state, member)
	}
}

func list(v any) []any { l, _ := v.([]any); return l }

// synced is a live engine with a mirror.
type synced struct {
	t      testing.TB
	store  *storage.Store
	engine *live.Engine
	prog   *ir.Program
	clock  atomic.Int64
	mirror *mirror
	orders int
}

func newSynced(t testing.TB) *synced {
	t.Helper()
	s := &synced{t: t, prog: compile(t, syncShop), mirror: newMirror(t)}
	s.clock.Store(time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC).UnixMicro()) // three in the afternoon in Shanghai
	var err error
	if s.store, err = storage.Open(filepath.Join(t.TempDir(), "store"), storage.Options{Create: true}); err != nil {
		t.Fatal(err)
	}
	if s.engine, err = live.Open(t.Context(), live.Options{Store: s.store, Program: s.prog, System: s.clock.Load}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.engine.Close(); s.store.Close() })
	return s
}

func (s *synced) options() Options {
	return Options{
		Store: s.store, Members: s.engine, Handovers: s.store, Clock: fastClock(),
		Setup: Setup{Timeout: time.Second, Env: func(name string) string {
			return map[string]string{"CRM_URL": s.mirror.URL, "CRM_SECRET": "secret"}[name]
		}},
	}
}

func (s *synced) start() *Deliverer {
	s.t.Helper()
	d, err := Start(s.prog, s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { d.Stop(context.Background()) })
	return d
}

func phone(member int) []live.ID {
	return []live.ID{{Attribute: "phone", Text: fmt.Sprintf("+8613900%06d", member)}}
}

func (s *synced) order(member int, amount int64) {
	s.t.Helper()
	s.orders++
	key := fmt.Sprint("O", s.orders)
	s.submit(live.Input{Kind: live.Event, Type: "order", Key: key, IDs: phone(member), Values: map[string]column.Value{
		"order_id": column.Text(key), "amount": column.Int(amount * 100),
	}})
}

func (s *synced) set(member int, name string, v column.Value) {
	s.t.Helper()
	s.submit(live.Input{Kind: live.Attributes, IDs: phone(member), Values: map[string]column.Value{name: v}})
}

func (s *synced) submit(in live.Input) {
	s.t.Helper()
	out, err := s.engine.Submit(s.t.Context(), []live.Input{in})
	if err != nil || out[0].Status != live.Accepted {
		s.t.Fatal(out, err)
	}
}

// to moves the clock, and waits until the engine has followed.
func (s *synced) to(month time.Month, day, hour, minute int) {
	s.clock.Store(time.Date(2026, month, day, hour-8, minute, 0, 0, time.UTC).UnixMicro())
	until(s.t, "time passes", func() bool { return s.engine.State().Clock == s.clock.Load() })
}

func (s *synced) ended(d *Deliverer, run int64) storage.SyncState {
	s.t.Helper()
	var st storage.SyncState
	until(s.t, fmt.Sprintf("run %d ends", run), func() bool {
		all, err := d.Syncs()
		if err != nil || len(all) != 1 {
			s.t.Fatal(all, err)
		}
		st = all[0]
		return st.Run == run && !st.Running
	})
	return st
}

// wanted is what the mirror should know.
func (s *synced) wanted() map[uint32]map[string]any {
	s.t.Helper()
	out := map[uint32]map[string]any{}
	view := s.engine.View()
	j := &job{sync: s.prog.Syncs[0], prog: s.prog, members: s.engine}
	if err := j.name(); err != nil {
		s.t.Fatal(err)
	}
	for number := range uint32(s.engine.State().Members) {
		person, err := s.engine.Person(view, number)
		if err != nil {
			s.t.Fatal(err)
		}
		one := map[string]any{}
		for i, seg := range j.segments {
			v, err := person.Value(s.t.Context(), j.nodes[i])
			if err != nil {
				s.t.Fatal(err)
			}
			if v.True() {
				one[seg.Name] = true
			}
		}
		for i, tag := range j.tags {
			v, err := person.Value(s.t.Context(), j.nodes[len(j.segments)+i])
			if err != nil {
				s.t.Fatal(err)
			}
			if v.Known {
				text, _ := json.Marshal(shown(s.prog, packed(v, tag.Type), tag.Type))
				var plain any
				_ = json.Unmarshal(text, &plain)
				one[tag.Name] = plain
			}
		}
		if len(one) > 0 {
			out[number] = one
		}
	}
	return out
}

func (s *synced) agree() {
	s.t.Helper()
	s.mirror.mu.Lock()
	defer s.mirror.mu.Unlock()
	if want := s.wanted(); !reflect.DeepEqual(s.mirror.state, want) {
		s.t.Fatalf("the mirror has\n%v\nnot\n%v", s.mirror.state, want)
	}
}

func TestASyncHandsOverEverythingAndThenWhatChanges(t *testing.T) {
	s := newSynced(t)
	s.order(1, 150)
	s.set(1, "city", column.Text("苏州"))
	s.set(2, "grade", column.Text("B"))
	d := s.start()
	until(t, "it is known", func() bool { all, err := s.store.SyncStates(); return err == nil && len(all) == 1 })
	s.to(6, 2, 1, 59)
	time.Sleep(20 * time.Millisecond) // the clock of the deliverer looks every 5
	if all, _ := d.Syncs(); all[0].Run != 0 {
		t.Fatal("it ran before its time")
	}
	s.to(6, 2, 2, 0)
	s.ended(d, 1)
	s.set(1, "city", column.Value{})
	s.set(1, "nick", column.Set("b", "a"))
	s.to(6, 3, 2, 0)
	s.ended(d, 2)
	s.to(6, 3, 20, 0)
	st := s.ended(d, 2)
	if st.Records != 1 || st.Failure != "" || st.Whole {
		t.Errorf("state is %+v", st)
	}
	if _, err := d.Sync("nightly", false); err != nil {
		t.Fatal(err)
	}
	s.ended(d, 3)
	if _, err := d.Sync("nightly", true); err != nil {
		t.Fatal(err)
	}
	s.ended(d, 4)
	if _, err := d.Sync("daily", true); err != ErrNoSync {
		t.Errorf("another name gives %v", err)
	}
	want := `{"sync":"nightly","run":1,"begin":"2026-06-02T02:00:00+08:00","whole":true,"segments":["buyers","big"],"tags":["spend","town","level","nicks"]}
{"sync":"nightly","run":1,"member":0,"ids":{"phone":"+8613900000001"},"enter":["buyers","big"],"tags":{"spend":{"old":null,"new":150.00},"town":{"old":null,"new":"苏州"}}}
{"sync":"nightly","run":1,"member":1,"ids":{"phone":"+8613900000002"},"tags":{"level":{"old":null,"new":"B"},"spend":{"old":null,"new":0.00}}}
{"sync":"nightly","run":1,"end":"2026-06-02T02:00:00+08:00","records":2}
{"sync":"nightly","run":2,"begin":"2026-06-03T02:00:00+08:00","whole":false,"segments":["buyers","big"],"tags":["spend","town","level","nicks"]}
{"sync":"nightly","run":2,"member":0,"ids":{"phone":"+8613900000001"},"leave":["buyers"],"tags":{"nicks":{"old":null,"new":["a","b"]},"town":{"old":"苏州","new":null}}}
{"sync":"nightly","run":2,"end":"2026-06-03T02:00:00+08:00","records":1}
{"sync":"nightly","run":3,"begin":"2026-06-03T20:00:00+08:00","whole":false,"segments":["buyers","big"],"tags":["spend","town","level","nicks"]}
{"sync":"nightly","run":3,"end":"2026-06-03T20:00:00+08:00","records":0}
{"sync":"nightly","run":4,"begin":"2026-06-03T20:00:00+08:00","whole":true,"segments":["buyers","big"],"tags":["spend","town","level","nicks"]}
{"sync":"nightly","run":4,"member":0,"ids":{"phone":"+8613900000001"},"enter":["big"],"tags":{"nicks":{"old":null,"new":["a","b"]},"spend":{"old":null,"new":150.00}}}
{"sync":"nightly","run":4,"member":1,"ids":{"phone":"+8613900000002"},"tags":{"level":{"old":null,"new":"B"},"spend":{"old":null,"new":0.00}}}
{"sync":"nightly","run":4,"end":"2026-06-03T20:00:00+08:00","records":2}`
	if got := strings.Join(s.mirror.lines, "\n"); got != want {
		t.Errorf("it got\n%s\nnot\n%s", got, want)
	}
	s.agree()
}

func TestARefusedSyncFailsAndIsMadeUpFor(t *testing.T) {
	s := newSynced(t)
	s.order(1, 150)
	s.mirror.answer = func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusBadRequest); return false }
	d := s.start()
	if _, err := d.Sync("nightly", false); err != nil {
		t.Fatal(err)
	}
	if st := s.ended(d, 1); st.Failure != "the answer was 400 Bad Request" || !st.Whole {
		t.Fatalf("state is %+v", st)
	}
	s.mirror.mu.Lock()
	s.mirror.answer = nil
	s.mirror.mu.Unlock()
	s.order(2, 20)
	s.to(6, 2, 2, 0)
	if st := s.ended(d, 2); st.Failure != "" || st.Records != 2 {
		t.Fatalf("state is %+v", st)
	}
	s.agree()
}

// A receiver took lines, and the run broke off before that was noted: what is undone until the next run is handed over all
// the same.
func TestWhatIsUndoneAfterABrokenRunIsHandedOver(t *testing.T) {
	s := newSynced(t)
	s.set(1, "city", column.Text("town0"))
	d := s.start()
	if _, err := d.Sync("nightly", false); err != nil {
		t.Fatal(err)
	}
	s.ended(d, 1)
	s.agree()

	s.set(1, "city", column.Text("town1"))
	var took atomic.Bool
	s.mirror.answer = func(w http.ResponseWriter) bool { // it has the lines, and nobody hears of it
		w.WriteHeader(http.StatusServiceUnavailable)
		took.Store(true)
		return true
	}
	if _, err := d.Sync("nightly", false); err != nil {
		t.Fatal(err)
	}
	until(t, "it has the lines", took.Load)
	d.Stop(t.Context())
	s.mirror.mu.Lock()
	s.mirror.answer = nil
	s.mirror.mu.Unlock()

	s.set(1, "city", column.Text("town0"))
	d = s.start()
	s.ended(d, 3) // the broken one is taken up
	s.agree()
	if st, err := s.store.SyncStates(); err != nil || len(st[0].Doubtful) > 0 {
		t.Fatal(st, err)
	}
}

// Whatever the receiver does and however often the deliverer is started anew, in the end the receiver knows what is so.
func TestAMirrorAgreesInTheEnd(t *testing.T) {
	s := newSynced(t)
	rounds := 6
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 100
	}
	s.mirror.answer = func(w http.ResponseWriter) bool {
		switch rand.IntN(5) {
		case 0:
			w.WriteHeader(http.StatusBadGateway)
			return false
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true // it has the lines all the same
		case 2:
			panic(http.ErrAbortHandler)
		}
		return true
	}
	day := 2
	for range rounds {
		d, err := Start(s.prog, s.options())
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			m := rand.IntN(9)
			switch rand.IntN(4) {
			case 0:
				s.order(m, rand.Int64N(120))
			case 1:
				s.set(m, "city", column.Text(fmt.Sprint("city", rand.IntN(3))))
			case 2:
				s.set(m, "nick", column.Value{})
			case 3:
				s.set(m, "grade", column.Text("A"))
			}
			if rand.IntN(3) == 0 {
				if _, err := d.Sync("nightly", rand.IntN(4) == 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.to(6, day, 3, 0)
		day++
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
		d.Stop(t.Context())
		if err := s.engine.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d := s.start()
	until(t, "nothing runs", func() bool { all, err := d.Syncs(); return err == nil && !all[0].Running })
	st, err := d.Sync("nightly", false)
	if err != nil {
		t.Fatal(err)
	}
	s.ended(d, max(st.Run, 1))
	s.agree()
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestASyncOfRulesThatAreGoneIsForgotten(t *testing.T) {
	s := newSynced(t)
	d := s.start()
	s.order(1, 2)
	if _, err := d.Sync("nightly", false); err != nil {
		t.Fatal(err)
	}
	s.ended(d, 1)
	if err := d.Use(t.Context(), compile(t, strings.Split(syncShop, "sync nightly")[0])); err != nil {
		t.Fatal(err)
	}
	until(t, "it is forgotten", func() bool { all, err := s.store.SyncStates(); return err == nil && len(all) == 0 })
	if kept, err := s.store.HandedOver("nightly", 0); err != nil || kept != nil {
		t.Errorf("%d bytes are kept, %v", len(kept), err)
	}
}

func TestDueFollowsTheLocalClock(t *testing.T) {
	text := strings.Replace(strings.Replace(syncShop, "Asia/Shanghai", "Europe/Berlin", 1), "02:00", "02:30", 1)
	prog := compile(t, text)
	for utc, day := range map[string]string{
		"2026-03-28T01:29:00Z": "2026-03-27", "2026-03-28T01:30:00Z": "2026-03-28",
		"2026-03-29T00:59:59Z": "2026-03-28", "2026-03-29T01:00:00Z": "2026-03-29", // half past two is skipped: three o'clock
		"2026-10-25T00:29:00Z": "2026-10-24", "2026-10-25T00:30:00Z": "2026-10-25", // it comes twice: the first
		"2026-10-25T01:30:00Z": "2026-10-25",
	} {
		now, err := time.Parse(time.RFC3339, utc)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := due(prog, prog.Syncs[0], now.UnixMicro()); got != want.Unix()/86400 {
			t.Errorf("at %s it is due for day %d, not %d", utc, got, want.Unix()/86400)
		}
	}
}
