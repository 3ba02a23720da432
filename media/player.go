package media

import (
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
)

// Player is a viewer that is answered once and never offered anything: one
// picture and one sound. It is shown the screen while that is on air and the
// camera otherwise, and hears the microphone, or the screen's sound where there
// is none. What it cannot be shown in the codec that was settled, it is not.
//
// Its methods are called from one goroutine.
type Player struct {
	*Viewer
	picture, sound *part
}

// part is one of a player's two streams; its codec is settled.
type part struct {
	track   *DownTrack
	sources []Source // the preferred first
}

var (
	pictures = []Source{Screen, Camera}
	sounds   = []Source{Microphone, ScreenAudio}
)

// NewPlayer opens a player's peer connection to the stage, with what is on air
// of what it asks for; it returns nil if that is nothing.
func (e *Engine) NewPlayer(s *Stage, picture, sound bool) (*Player, error) {
	on := s.program()
	show, see := choose(on, pictures)
	play, hear := choose(on, sounds)
	if see = see && picture; !see && !(hear && sound) {
		return nil, nil
	}
	v, err := e.NewViewer(s, Auto, func(Shown) {})
	if err != nil {
		return nil, err
	}
	p := &Player{Viewer: v}
	if see {
		p.picture, err = p.open(show, pictures)
	}
	if err == nil && hear && sound {
		p.sound, err = p.open(play, sounds)
	}
	if err != nil {
		v.Close()
		return nil, err
	}
	return p, nil
}

func (p *Player) open(on onAir, sources []Source) (*part, error) {
	v := p.Viewer
	t := &DownTrack{viewer: v, source: on.source, codec: on.codec, feed: v.stage.feed(on.source), shown: none}
	_, err := v.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, err
	}
	v.writer.do(func() { v.tracks = append(v.tracks, t) })
	return &part{t, sources}, nil
}

// choose returns the first of the sources that is on air.
func choose(on []onAir, sources []Source) (onAir, bool) {
	for _, source := range sources {
		if i := slices.IndexFunc(on, func(o onAir) bool { return o.source == source }); i >= 0 {
			return on[i], true
		}
	}
	return onAir{}, false
}

// Codecs are those of the picture and the sound, as MIME types; "": there is none.
func (p *Player) Codecs() (picture, sound string) {
	if p.picture != nil {
		picture = p.picture.track.codec.MimeType
	}
	if p.sound != nil {
		sound = p.sound.track.codec.MimeType
	}
	return picture, sound
}

// Turn follows what is on air. It reports false if something is on that the
// player asked for and cannot be given: it has to come anew.
func (p *Player) Turn(picture, sound bool) bool {
	on := p.stage.program()
	return p.turn(p.picture, picture, on, pictures) && p.turn(p.sound, sound, on, sounds)
}

func (p *Player) turn(has *part, asked bool, on []onAir, sources []Source) bool {
	first, any := choose(on, sources)
	if !asked || !any {
		return true
	}
	if has == nil {
		return false
	}
	fits := slices.DeleteFunc(slices.Clone(on), func(o onAir) bool {
		return !strings.EqualFold(o.codec.MimeType, has.track.codec.MimeType)
	})
	next, ok := choose(fits, sources)
	if !ok {
		return false
	}
	if next.source != first.source {
		return false // the preferred one has another codec: the player can have it if it comes anew
	}
	feed := p.stage.feed(next.source)
	p.writer.do(func() { has.track.feed = feed })
	return true
}
