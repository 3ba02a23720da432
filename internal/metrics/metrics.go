// Package metrics counts what the server does, for Prometheus.
//
// It hears some figures as they arise ([Metrics] is the observer of rooms, of
// the store's commits, of followers and of HTTP requests) and reads the others
// from the parts that keep them, once for each scrape.
//
// Every label has few values that are known beforehand: a route's pattern, a
// status class, an error code of ours, a reason. Nothing here ever holds a
// room, a person, a name, a token, an address or a path.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// Buckets that suit what is measured.
var (
	// From a tenth of a millisecond, below which nobody looks, to ten seconds,
	// after which everybody has gone.
	seconds = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	sizes   = prometheus.ExponentialBuckets(1, 2, 13)         // 1 to 4096
	records = prometheus.ExponentialBuckets(1, 10, 7)         // 1 to a million
	bytes   = prometheus.ExponentialBuckets(1<<10, 4, 9)      // 1 KiB to 64 MiB
	behind  = []float64{.01, .1, .5, 1, 5, 30, 60, 300, 3600} // seconds that a follower is late
)

// Metrics has all figures of one server. It is safe for many goroutines and
// never blocks those who report to it.
type Metrics struct {
	registry *prometheus.Registry
	rooms    rooms
	commits  commits
	follow   followers
	requests requests
}

// New returns metrics with those of the Go runtime and of the process.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		// With the time that goroutines wait for a processor: where it grows, the
		// machine is too small.
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler, collectors.MetricsGC)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	m.rooms = newRooms(m)
	m.commits = newCommits(m)
	m.follow = newFollowers(m)
	m.requests = newRequests(m)
	return m
}

// Handler answers a scrape.
func (m *Metrics) Handler(log *zap.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: zap.NewStdLog(log), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	})
}

// The kinds of figures, registered as they are made.

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}
