package signaling

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
)

// ingest is what a publisher's offer over HTTP asks for.
type ingest struct {
	sdp     string
	sources map[string]media.Source // by mid
	ranks   []string                // RIDs of the picture's layers, the largest first; empty: there is one
}

// readIngest looks over the offer of a publisher (RFC 9725, section 4.4): one
// picture, one sound, or both, of one stream, in codecs of ours, in one bundle.
func readIngest(text string) (ingest, error) {
	d, err := parseSingle(text)
	if err != nil {
		return ingest{}, err
	}
	want := ingest{sources: map[string]media.Source{}}
	streams := map[string]bool{}
	for _, m := range d.MediaDescriptions {
		mid, _ := m.Attribute(sdp.AttrKeyMID)
		source := media.Camera
		if m.MediaName.Media == media.Microphone.Kind().String() {
			source = media.Microphone
		}
		if !sends(m) {
			return ingest{}, ErrSDP.In("sdp")
		}
		if !supported(m, source.Kind()) {
			return ingest{}, ErrUnsupported
		}
		for _, a := range m.Attributes {
			if stream, _, _ := strings.Cut(a.Value, " "); a.Key == "msid" && stream != "-" {
				streams[stream] = true
			}
		}
		if source == media.Camera {
			want.ranks = ranksOf(m)
		}
		want.sources[mid] = source
	}
	if len(streams) > 1 {
		return ingest{}, ErrTracks
	}
	want.sdp, err = withoutCandidates(d)
	return want, err
}

// parseSingle reads an offer over HTTP: at most one section for a picture and
// one for sound, all in one bundle. Sections that only go with the bundle get a
// port, for here they are as good as the first (RFC 9143, section 6).
func parseSingle(text string) (*sdp.SessionDescription, error) {
	d, err := parse(text)
	if err != nil {
		return nil, err
	}
	group, _ := d.Attribute(sdp.AttrKeyGroup)
	bundle := strings.Fields(group)
	seen := map[string]bool{}
	for _, m := range d.MediaDescriptions {
		kind := m.MediaName.Media
		if kind != webrtc.RTPCodecTypeAudio.String() && kind != webrtc.RTPCodecTypeVideo.String() {
			return nil, ErrUnsupported
		}
		if seen[kind] {
			return nil, ErrTracks
		}
		seen[kind] = true
		mid, ok := m.Attribute(sdp.AttrKeyMID)
		if !ok || mid == "" || len(d.MediaDescriptions) > 1 && (len(bundle) < 2 || bundle[0] != "BUNDLE" || !slices.Contains(bundle[1:], mid)) {
			return nil, ErrSDP.In("sdp")
		}
		if _, only := m.Attribute("bundle-only"); only && m.MediaName.Port.Value == 0 {
			m.MediaName.Port.Value = 9
			m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool { return a.Key == "bundle-only" })
		}
	}
	return d, nil
}

// Names of simulcast layers that are common, the largest first. Browsers list
// them from the smallest on.
var layerNames = [][]string{{"h", "m", "l"}, {"f", "h", "q"}, {"high", "medium", "low"}, {"high", "mid", "low"}, {"hi", "mid", "lo"}}

// ranksOf lists a picture's simulcast layers, the largest first. Where their
// names do not tell, the order in which they are listed does, for it is that
// of preference (RFC 8853, section 5.2), as OBS lists them.
func ranksOf(m *sdp.MediaDescription) []string {
	value, _ := m.Attribute("simulcast")
	direction, list, _ := strings.Cut(strings.TrimSpace(value), " ")
	if direction != "send" {
		return nil
	}
	list, _, _ = strings.Cut(list, " ")
	var rids []string
	for layer := range strings.SplitSeq(list, ";") {
		first, _, _ := strings.Cut(layer, ",") // alternatives of one layer: the first is preferred
		if rid := strings.TrimPrefix(first, "~"); rid != "" {
			rids = append(rids, rid)
		}
	}
	for _, names := range layerNames {
		if !slices.ContainsFunc(rids, func(rid string) bool { return !slices.Contains(names, rid) }) {
			slices.SortFunc(rids, func(a, b string) int { return slices.Index(names, a) - slices.Index(names, b) })
			break
		}
	}
	return rids
}
