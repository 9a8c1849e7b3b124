package api

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what /metrics shows.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inputs   *prometheus.CounterVec

	unwritten prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_request_seconds", Help: "Time to answer a request, by route and method.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 12),
		}, []string{"route", "method"}),
		inputs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_inputs_total", Help: "Events and members sent, by what became of them.",
		}, []string{"kind", "outcome"}),
		unwritten: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_write_failures_total", Help: "Requests that were refused because the store could not be written.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.inputs, m.unwritten)
	gauge := func(name, help string, f func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	gauge("muster_members", "Member numbers given.", func() float64 { return float64(s.engine.State().Members) })
	gauge("muster_members_changed", "Members that differ from the columns of the store.", func() float64 { return float64(s.engine.State().Changed) })
	gauge("muster_crossings", "Number of the last crossing.", func() float64 { return float64(s.engine.State().Crossed) })
	gauge("muster_waiting", "Submissions that wait to be taken.", func() float64 { return float64(s.engine.State().Waiting) })
	gauge("muster_clock_seconds", "Instant up to which time has passed, since 1970.", func() float64 { return float64(s.engine.State().Clock) / 1e6 })
	gauge("muster_engine_fault", "1 if the engine cannot let time pass, or the last checkpoint failed.", func() float64 { return flag(s.engine.State().Fault != nil) })
	gauge("muster_rules_revision", "Revision of the rules in force.", func() float64 { return float64(s.rules().Revision) })
	gauge("muster_rules_error", "1 if a later revision of the rules was refused.", func() float64 { return flag(s.rules().Error != "") })
	m.registry.MustRegister(newSinkMetrics(s))
	return m
}

func (s *Server) rules() RulesState {
	if s.opt.Rules == nil {
		return RulesState{}
	}
	return s.opt.Rules()
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

func (m *metrics) request(rt route, method string, status int, took time.Duration) {
	if rt.method == "" {
		method = "other"
	}
	m.requests.WithLabelValues(rt.path, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(rt.path, method).Observe(took.Seconds())
}

func (m *metrics) taken(kind string, t taken) {
	m.inputs.WithLabelValues(kind, "accepted").Add(float64(t.Accepted))
	m.inputs.WithLabelValues(kind, "duplicate").Add(float64(t.Duplicate))
	m.inputs.WithLabelValues(kind, "rejected").Add(float64(len(t.Rejected)))
}
