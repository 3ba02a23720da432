package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requests are the figures of the public listener.
type requests struct {
	total *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

func newRequests(m *Metrics) requests {
	return requests{
		total: m.counters("lyceum_http_requests_total", "Requests answered, by route and class of status.", "route", "status"),
		took:  m.histograms("lyceum_http_request_duration_seconds", "How long a request took, by route; of a socket, its handshake.", seconds, "route"),
	}
}

// classes of status (RFC 9110, section 15).
var classes = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Served counts a request by its route's pattern, "" where there is none.
func (m *Metrics) Served(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	class := classes[0]
	if i := status / 100; i > 0 && i < len(classes) {
		class = classes[i]
	}
	m.requests.total.WithLabelValues(route, class).Inc()
	m.requests.took.WithLabelValues(route).Observe(took.Seconds())
}
