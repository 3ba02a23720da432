package signaling

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// offered is a publisher's offer after it has been looked over.
type offered struct {
	session string // names the browser's peer connection (RFC 8866, section 5.2)
	sdp     string // without candidates
}

// read looks over a publisher's offer: it must be well formed, within bounds,
// and have for each source a line of its kind that is sent, in a codec of ours.
func (c publish) read() (offered, error) {
	d, err := parse(c.SDP)
	if err != nil {
		return offered{}, err
	}
	if len(c.Sources) > maxSources {
		return offered{}, wire.ErrField.In("sources")
	}
	seen := map[media.Source]bool{}
	for mid, source := range c.Sources {
		if !source.Valid() || seen[source] {
			return offered{}, wire.ErrField.In("sources")
		}
		seen[source] = true
		section := find(d, mid)
		if section == nil || section.MediaName.Media != source.Kind().String() || !sends(section) {
			return offered{}, ErrSDP.In("sources")
		}
		if !supported(section, source.Kind()) {
			return offered{}, ErrUnsupported
		}
	}
	text, err := withoutCandidates(d)
	if err != nil {
		return offered{}, err
	}
	return offered{session: identity(d), sdp: text}, nil
}

// parse reads a session description within our bounds.
func parse(text string) (*sdp.SessionDescription, error) {
	var d sdp.SessionDescription
	if len(text) > maxSDP || d.UnmarshalString(text) != nil {
		return nil, ErrSDP.In("sdp")
	}
	if len(d.MediaDescriptions) == 0 || len(d.MediaDescriptions) > maxLines {
		return nil, ErrSDP.In("sdp")
	}
	return &d, nil
}

// identity names the browser's peer connection: its session, and the
// certificate that only this connection has.
func identity(d *sdp.SessionDescription) string {
	id := strconv.FormatUint(d.Origin.SessionID, 10)
	if print, ok := d.Attribute("fingerprint"); ok {
		return id + " " + print
	}
	for _, m := range d.MediaDescriptions {
		if print, ok := m.Attribute("fingerprint"); ok {
			return id + " " + print
		}
	}
	return id
}

func find(d *sdp.SessionDescription, mid string) *sdp.MediaDescription {
	for _, m := range d.MediaDescriptions {
		if have, ok := m.Attribute(sdp.AttrKeyMID); ok && have == mid {
			return m
		}
	}
	return nil
}

func sends(m *sdp.MediaDescription) bool {
	_, receives := m.Attribute(sdp.AttrKeyRecvOnly)
	_, inactive := m.Attribute(sdp.AttrKeyInactive)
	return m.MediaName.Port.Value != 0 && !receives && !inactive
}

func supported(m *sdp.MediaDescription, kind webrtc.RTPCodecType) bool {
	ours := []string{"vp8/90000", "h264/90000"}
	if kind == webrtc.RTPCodecTypeAudio {
		ours = []string{"opus/48000/2"}
	}
	for _, a := range m.Attributes {
		if a.Key == "rtpmap" {
			if _, codec, ok := strings.Cut(a.Value, " "); ok && slices.Contains(ours, strings.ToLower(strings.TrimSpace(codec))) {
				return true
			}
		}
	}
	return false
}

// withoutCandidates writes d without the addresses that the client lists: it
// reaches us. They are taken out of what was understood, not out of the text:
// readers do not agree on where a line of a session description ends.
func withoutCandidates(d *sdp.SessionDescription) (string, error) {
	listed := func(a sdp.Attribute) bool { return a.IsICECandidate() || a.Key == sdp.AttrKeyEndOfCandidates }
	d.Attributes = slices.DeleteFunc(d.Attributes, listed)
	for _, m := range d.MediaDescriptions {
		m.Attributes = slices.DeleteFunc(m.Attributes, listed)
	}
	b, err := d.Marshal()
	if err != nil {
		return "", ErrSDP.In("sdp")
	}
	return string(b), nil
}
