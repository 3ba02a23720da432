package signaling

import (
	"fmt"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
)

// fragment is the client's part of an ICE session, or more candidates of it
// (RFC 8840, section 9).
type fragment struct {
	ufrag, pwd string // "": not said
	candidates int
}

// readFragment reads a body of the type application/trickle-ice-sdpfrag.
// Candidates are checked and counted: see the package's comment.
func readFragment(text string) (fragment, error) {
	var f fragment
	if len(text) > maxSDP {
		return f, ErrSDP
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if len(line) < 2 || line[1] != '=' || line[0] != 'a' && line[0] != 'm' && line[0] != 'c' {
			return fragment{}, ErrSDP
		}
		key, value, _ := strings.Cut(line[2:], ":")
		switch {
		case line[0] != 'a':
		case key == "ice-ufrag":
			if !iceWord(value, 4) || f.ufrag != "" && f.ufrag != value {
				return fragment{}, ErrSDP
			}
			f.ufrag = value
		case key == "ice-pwd":
			if !iceWord(value, 22) || f.pwd != "" && f.pwd != value {
				return fragment{}, ErrSDP
			}
			f.pwd = value
		case key == "candidate":
			if len(value) > maxCandidate {
				return fragment{}, ErrSDP.In("candidate")
			}
			if _, err := ice.UnmarshalCandidate(value); err != nil {
				return fragment{}, ErrSDP.In("candidate")
			}
			if f.candidates++; f.candidates > maxCandidates {
				return fragment{}, ErrSDP.In("candidate")
			}
		}
	}
	return f, nil
}

// iceWord reports whether s is a user fragment or password of at least so many
// characters (RFC 8839, section 5.4).
func iceWord(s string, least int) bool {
	if len(s) < least || len(s) > 256 {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/') {
			return false
		}
	}
	return true
}

const (
	ufragKey = "ice-ufrag"
	pwdKey   = "ice-pwd"
)

// speaks reports whether the ICE session of a description is that of ufrag
// and, if it is said, of pwd.
func speaks(description, ufrag, pwd string) bool {
	d, err := parse(description)
	if err != nil {
		return false
	}
	haveUfrag, havePwd := credentials(d)
	return ufrag == haveUfrag && (pwd == "" || pwd == havePwd)
}

func credentials(d *sdp.SessionDescription) (ufrag, pwd string) {
	ufrag, _ = d.Attribute(ufragKey)
	pwd, _ = d.Attribute(pwdKey)
	for _, m := range d.MediaDescriptions {
		if v, ok := m.Attribute(ufragKey); ok && ufrag == "" {
			ufrag = v
		}
		if v, ok := m.Attribute(pwdKey); ok && pwd == "" {
			pwd = v
		}
	}
	return ufrag, pwd
}

// renew writes an offer with the fragment's ICE session in the place of its own.
func (f fragment) renew(offer string) (string, error) {
	d, err := parse(offer)
	if err != nil {
		return "", err
	}
	change := func(attributes []sdp.Attribute) {
		for i, a := range attributes {
			switch a.Key {
			case ufragKey:
				attributes[i].Value = f.ufrag
			case pwdKey:
				attributes[i].Value = f.pwd
			}
		}
	}
	change(d.Attributes)
	for _, m := range d.MediaDescriptions {
		change(m.Attributes)
	}
	return withoutCandidates(d)
}

// fragmentOf is our part of the ICE session that an answer of ours describes.
func fragmentOf(answer string) (string, error) {
	d, err := parse(answer)
	if err != nil {
		return "", fmt.Errorf("our own answer: %w", err)
	}
	var b strings.Builder
	ufrag, pwd := credentials(d)
	fmt.Fprintf(&b, "a=%s:%s\r\na=%s:%s\r\n", ufragKey, ufrag, pwdKey, pwd)
	m := d.MediaDescriptions[0] // the bundle's
	fmt.Fprintf(&b, "m=%s 9 UDP/TLS/RTP/SAVPF 0\r\n", m.MediaName.Media)
	if mid, ok := m.Attribute(sdp.AttrKeyMID); ok {
		fmt.Fprintf(&b, "a=mid:%s\r\n", mid)
	}
	for _, a := range m.Attributes {
		if a.IsICECandidate() {
			fmt.Fprintf(&b, "a=%s:%s\r\n", a.Key, a.Value)
		}
	}
	b.WriteString("a=end-of-candidates\r\n")
	return b.String(), nil
}
