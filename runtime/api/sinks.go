package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/storage"
)

// Sinks is what the handlers need of what hands messages over; [deliver.Deliverer] is one.
type Sinks interface {
	deliver.DeadLetters
	States() ([]deliver.SinkState, error)
	Syncs() ([]storage.SyncState, error)
	Sync(name string, whole bool) (storage.SyncState, error)
}

// Sink is how a sink is doing.
type Sink struct {
	Name string `json:"name"`
	// Kind is webhook or file, or none: the rules do not have it any more.
	Kind      string `json:"kind"`
	Pending   int64  `json:"pending"`
	Oldest    string `json:"oldest,omitempty"`
	Dead      int64  `json:"dead"`
	Delivered int64  `json:"delivered"`
	Dropped   int64  `json:"dropped"`
	Retried   int64  `json:"retried"`
	Down      bool   `json:"down"`
	Trouble   string `json:"trouble,omitempty"`
	Since     string `json:"since,omitempty"`
}

// SinkList is all sinks.
type SinkList struct {
	Sinks []Sink `json:"sinks"`
}

// SinksOf gives the state of sinks the form in which it is told.
func SinksOf(prog *ir.Program, states []deliver.SinkState) SinkList {
	out := SinkList{Sinks: []Sink{}}
	for _, st := range states {
		one := Sink{
			Name: st.Sink, Kind: st.Kind, Pending: st.Pending, Dead: st.Dead, Delivered: st.Delivered, Dropped: st.Dropped,
			Retried: st.Retried, Down: st.Down, Trouble: st.Trouble,
		}
		if one.Kind == "" {
			one.Kind = "none"
		}
		if st.Oldest != 0 {
			one.Oldest = asjson.Time(prog, st.Oldest)
		}
		if st.Trouble != "" {
			one.Since = asjson.Time(prog, st.Since.Truncate(time.Second).UnixMicro())
		}
		out.Sinks = append(out.Sinks, one)
	}
	return out
}

// DeadLetter is a message that could not be handed over.
type DeadLetter struct {
	Seq      uint64          `json:"seq"`
	Key      string          `json:"key"`
	Template string          `json:"template"`
	At       string          `json:"at"`
	Member   uint32          `json:"member"`
	IDs      map[string]any  `json:"ids"`
	Values   json.RawMessage `json:"values"`
	FailedAt string          `json:"failed_at"`
	Attempts int             `json:"attempts"`
	Reason   string          `json:"reason"`
}

// DeadLetterPage is some dead letters; Next is what to give as after for those that follow.
type DeadLetterPage struct {
	Dead []DeadLetter `json:"dead"`
	Next uint64       `json:"next"`
}

// DeadLettersOf gives dead letters the form in which they are told.
func DeadLettersOf(prog *ir.Program, after uint64, some []storage.DeadLetter) DeadLetterPage {
	out := DeadLetterPage{Dead: []DeadLetter{}, Next: after}
	for _, d := range some {
		if len(d.Values) == 0 {
			d.Values = json.RawMessage("{}")
		}
		out.Next = d.Seq
		out.Dead = append(out.Dead, DeadLetter{
			d.Seq, d.Key, d.Template, asjson.Time(prog, d.At), d.Member,
			asjson.IDs(prog, func(f func(attribute, text string)) {
				for _, id := range d.IDs {
					f(id.Attribute, id.Text)
				}
			}),
			d.Values, asjson.Time(prog, d.FailedAt/1e6*1e6), d.Attempts, d.Reason,
		})
	}
	return out
}

// DeadChoice says which dead letters are meant: those with some keys, or all.
type DeadChoice struct {
	Keys []string `json:"keys,omitempty"`
	All  bool     `json:"all,omitempty"`
}

// DeadCount is how many dead letters were sent again or dropped.
type DeadCount struct {
	Count int `json:"count"`
}

// Sync is how the runs of a sync go.
type Sync struct {
	Name    string `json:"name"`
	Sink    string `json:"sink"`
	Daily   string `json:"daily"`
	Run     int64  `json:"run"`
	Running bool   `json:"running"`
	// Whole says that the run that goes on, or else the next one, hands over everything.
	Whole   bool   `json:"whole"`
	Began   string `json:"began,omitempty"`
	Ended   string `json:"ended,omitempty"`
	Records int64  `json:"records"`
	Failure string `json:"failure,omitempty"`
}

// SyncList is all syncs.
type SyncList struct {
	Syncs []Sync `json:"syncs"`
}

// SyncCommand asks for a run of a sync.
type SyncCommand struct {
	Whole bool `json:"whole,omitempty"`
}

// SyncOf gives the state of a sync the form in which it is told.
func SyncOf(prog *ir.Program, st storage.SyncState) Sync {
	out := Sync{Name: st.Sync, Run: st.Run, Running: st.Running, Whole: st.Whole, Records: st.Records, Failure: st.Failure}
	for _, one := range prog.Syncs {
		if one.Name == st.Sync {
			out.Sink = prog.Sinks[one.Sink].Name
			out.Daily = time.Date(2000, 1, 1, 0, one.Daily, 0, 0, time.UTC).Format("15:04")
		}
	}
	if st.Began != 0 {
		out.Began = asjson.Time(prog, st.Began)
	}
	if st.Ended != 0 {
		out.Ended = asjson.Time(prog, st.Ended)
	}
	return out
}

// sinks is what hands messages over, or an error.
func (s *Server) sinks() (Sinks, error) {
	if s.opt.Sinks == nil {
		return nil, fail(http.StatusNotFound, "this server hands nothing to sinks")
	}
	return s.opt.Sinks, nil
}

func (s *Server) getSinks(w http.ResponseWriter, _ *http.Request) error {
	sinks, err := s.sinks()
	if err != nil {
		return err
	}
	states, err := sinks.States()
	if err != nil {
		return err
	}
	return send(w, SinksOf(s.engine.View().Program(), states))
}

// sinkOf finds the sink of a path.
func (s *Server) sinkOf(r *http.Request) (Sinks, string, error) {
	sinks, err := s.sinks()
	if err != nil {
		return nil, "", err
	}
	states, err := sinks.States()
	if err != nil {
		return nil, "", err
	}
	var names []string
	for _, st := range states {
		if st.Sink == r.PathValue("name") {
			return sinks, st.Sink, nil
		}
		names = append(names, st.Sink)
	}
	return nil, "", unknownName("sink", r.PathValue("name"), names)
}

func (s *Server) getDeadLetters(w http.ResponseWriter, r *http.Request) error {
	after, err := numberParam(r, "after", 0, 1<<62)
	if err != nil {
		return err
	}
	limit, err := numberParam(r, "limit", 100, 10_000)
	if err != nil {
		return err
	}
	sinks, name, err := s.sinkOf(r)
	if err != nil {
		return err
	}
	some, err := sinks.DeadLetters(name, uint64(after), limit)
	if err != nil {
		return err
	}
	return send(w, DeadLettersOf(s.engine.View().Program(), uint64(after), some))
}

func (s *Server) postRetry(w http.ResponseWriter, r *http.Request) error {
	return s.deadLetters(w, r, Sinks.Resend)
}

func (s *Server) postDrop(w http.ResponseWriter, r *http.Request) error {
	return s.deadLetters(w, r, Sinks.DropDead)
}

// deadLetters does something with the dead letters that a body names.
func (s *Server) deadLetters(w http.ResponseWriter, r *http.Request, f func(Sinks, string, []string) (int, error)) error {
	var in DeadChoice
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	if in.All == (len(in.Keys) > 0) {
		return fail(http.StatusUnprocessableEntity, `say {"keys": [...]} or {"all": true}`)
	}
	sinks, name, err := s.sinkOf(r)
	if err != nil {
		return err
	}
	n, err := f(sinks, name, in.Keys)
	if err != nil {
		return err
	}
	return send(w, DeadCount{n})
}

func (s *Server) getSyncs(w http.ResponseWriter, _ *http.Request) error {
	sinks, err := s.sinks()
	if err != nil {
		return err
	}
	states, err := sinks.Syncs()
	if err != nil {
		return err
	}
	out := SyncList{Syncs: []Sync{}}
	for _, st := range states {
		out.Syncs = append(out.Syncs, SyncOf(s.engine.View().Program(), st))
	}
	return send(w, out)
}

// postSync begins a run; it goes on when it is answered.
func (s *Server) postSync(w http.ResponseWriter, r *http.Request) error {
	var in SyncCommand
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	sinks, err := s.sinks()
	if err != nil {
		return err
	}
	prog := s.engine.View().Program()
	st, err := sinks.Sync(r.PathValue("name"), in.Whole)
	if errors.Is(err, deliver.ErrNoSync) {
		var names []string
		for _, one := range prog.Syncs {
			names = append(names, one.Name)
		}
		return unknownName("sync", r.PathValue("name"), names)
	}
	if err != nil {
		return err
	}
	return send(w, SyncOf(prog, st))
}

// sinkMetrics are the numbers of the sinks, read when they are asked for.
type sinkMetrics struct {
	server *Server
	descs  []*prometheus.Desc
}

func newSinkMetrics(s *Server) *sinkMetrics {
	m := &sinkMetrics{server: s}
	for _, one := range [][2]string{
		{"pending", "Messages that wait for a sink."},
		{"oldest_seconds", "How long the message has waited that has waited longest."},
		{"dead_letters", "Messages that could not be handed to a sink."},
		{"delivered_total", "Messages that were handed to a sink."},
		{"dropped_total", "Messages for a sink that were given up."},
		{"retried_total", "Tries to hand a message to a sink that failed, since the start."},
		{"down", "1 if a sink as a whole does not work."},
	} {
		m.descs = append(m.descs, prometheus.NewDesc("muster_sink_"+one[0], one[1], []string{"sink"}, nil))
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *sinkMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range m.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *sinkMetrics) Collect(out chan<- prometheus.Metric) {
	if m.server.opt.Sinks == nil {
		return
	}
	states, err := m.server.opt.Sinks.States()
	if err != nil {
		return
	}
	for _, st := range states {
		age := 0.0
		if st.Oldest != 0 {
			age = max(0, float64(m.server.engine.Present()-st.Oldest)/1e6)
		}
		for i, v := range []float64{
			float64(st.Pending), age, float64(st.Dead), float64(st.Delivered), float64(st.Dropped), float64(st.Retried), flag(st.Down),
		} {
			kind := prometheus.GaugeValue
			if i >= 3 && i <= 5 {
				kind = prometheus.CounterValue
			}
			out <- prometheus.MustNewConstMetric(m.descs[i], kind, v, st.Sink)
		}
	}
}
