package signaling

import (
	"github.com/pion/ice/v4"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Bounds on what a client may ask of us.
const (
	maxSDP        = 64 << 10 // bytes of one session description
	maxLines      = 40       // media sections in one: each source of a full stage in two codecs
	maxSources    = 4        // publications of one peer
	maxCandidates = 64       // for one peer connection
	maxCandidate  = 512      // bytes of one
)

// Refusals that a client can act on.
var (
	ErrForbidden   = &wire.Error{Code: "media.forbidden", Text: "you may not send media in this room"}
	ErrSDP         = &wire.Error{Code: "media.sdp", Text: "the session description or candidate cannot be used"}
	ErrUnsupported = &wire.Error{Code: "media.unsupported", Text: "none of the offered codecs is supported"}
)

// Requests from a client.
type (
	publish struct {
		SDP     string                  `json:"sdp"`
		Sources map[string]media.Source `json:"sources"`

		ranks []string // RIDs of a publisher that names its layers as it likes: see [media.Ingest.Rank]
		deaf  bool     // it has no socket over which it could be told what to send
	}
	watch struct {
		Quality media.Quality `json:"quality,omitzero"`
	}
	answer struct {
		SDP        string `json:"sdp"`
		Generation int    `json:"generation"`
	}
	candidate struct {
		PC        string   `json:"pc"`
		Candidate *iceInit `json:"candidate"` // null: there are no more
	}
	iceInit struct {
		Candidate        string  `json:"candidate"`
		SDPMid           *string `json:"sdpMid,omitzero"`
		SDPMLineIndex    *uint16 `json:"sdpMLineIndex,omitzero"`
		UsernameFragment *string `json:"usernameFragment,omitzero"`
	}
	nothing struct{}
)

// Messages to a client.
type (
	// Answer is the reply to media.publish.
	Answer struct {
		SDP string `json:"sdp"`
	}
	// Offer is media.offer.
	Offer struct {
		SDP        string                  `json:"sdp"`
		Sources    map[string]media.Source `json:"sources"`
		Generation int                     `json:"generation"`
		Servers    []media.ICEServer       `json:"servers,omitzero"` // for the client's connection, with its first offer
	}
	// Layer is media.layer.
	Layer struct {
		Source media.Source `json:"source"`
		Layer  string       `json:"layer"`
		Width  int          `json:"width"`
		Height int          `json:"height"`
	}
	// Layers is media.layers: what of its pictures a publisher shall send.
	Layers struct {
		Wanted map[media.Source][]string `json:"wanted"`
	}
	// Ended is media.ended. PC is "send" or "recv". Reason is "lost": the
	// connection failed; "full": as many people watch as may; "replaced": another publisher has the source now;
	// "forbidden": the right to publish was taken back; "answer": the answer
	// could not be used.
	Ended struct {
		PC     string `json:"pc"`
		Reason string `json:"reason"`
	}
)

// check refuses a candidate that no browser would send.
func (c candidate) check() error {
	if c.PC != "send" && c.PC != "recv" {
		return wire.ErrField.In("pc")
	}
	if c.Candidate == nil || c.Candidate.Candidate == "" {
		return nil
	}
	if len(c.Candidate.Candidate) > maxCandidate {
		return ErrSDP.In("candidate")
	}
	if _, err := ice.UnmarshalCandidate(c.Candidate.Candidate); err != nil {
		return ErrSDP.In("candidate")
	}
	return nil
}
