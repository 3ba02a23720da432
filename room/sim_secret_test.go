package room_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Secret ballots in the simulation. The keys of its store are no secret, so
// that the model, in another way than the room, knows whose ballot is whose;
// that nobody can know it once the key is destroyed is seen on the disk.

// simKeyBytes is the key that the simulated store has for an id.
func simKeyBytes(id wire.UserID) []byte {
	key := make([]byte, 32)
	copy(key, "key of "+id)
	return key
}

// simPollKey is under which id the key of a secret poll is kept.
func simPollKey(id wire.RoomID, poll uint64) wire.UserID {
	return wire.UserID(fmt.Sprintf("poll.%s.%d", id, poll))
}

func simHash(key wire.UserID, what string) string {
	mac := hmac.New(sha256.New, simKeyBytes(key))
	mac.Write([]byte(what))
	return hex.EncodeToString(mac.Sum(nil))
}

// simMark is what stands in a log in place of the key of a ballot; "" for a
// command that cannot be one.
func simMark(k simKey, cmd room.Command) string {
	key := wire.UserID("")
	switch c := cmd.(type) {
	case poll.Vote:
		key = simPollKey(k.room, c.Poll)
	case poll.Retract:
		key = simPollKey(k.room, c.Poll)
	case survey.Answer:
		key = simSurveyKey(k.room, c.Survey)
	default:
		return ""
	}
	return simHash(key, string(k.user)+"\x00"+k.key)
}

// voter is under what name somebody's vote is kept.
func (m *simModel) voter(p *simPoll, user string) string {
	if !p.Secret {
		return user
	}
	return simHash(simPollKey(m.id, p.ID), user)
}

// whose is whose ballot a hash is of.
func (m *simModel) whose(p *simPoll, hash string) string {
	for _, user := range slices.Sorted(maps.Keys(m.people)) {
		if m.voter(p, user) == hash {
			return user
		}
	}
	m.bad("a ballot of nobody in poll %d", p.ID)
	return ""
}

// own is under what name somebody sees a vote as theirs; "" for nobody.
func (m *simModel) own(p *simPoll, user string) string {
	if p.Secret && p.Phase != "open" {
		return ""
	}
	return m.voter(p, user)
}

// foldBallot takes what is in the log of secret ballots.
func (m *simModel) foldBallot(r room.Record, d simData, touched map[string]bool) bool {
	switch r.Kind {
	case "poll.balloted", "poll.withdrawn", "poll.participated":
	default:
		return false
	}
	p := m.polls[d.Poll]
	switch {
	case p == nil || !p.Secret:
		m.bad("%s at %d in poll %d, which is not secret", r.Kind, r.Seq, d.Poll)
	case r.Kind == "poll.participated":
		var took []string
		for user := range m.people {
			if p.has(m.voter(p, user)) {
				took = append(took, user)
			}
		}
		if slices.Sort(took); p.Phase != "closed" || !slices.Equal(took, d.Users) {
			m.bad("at %d %v took part in poll %d, and ballots have %v", r.Seq, d.Users, d.Poll, took)
		}
	case p.Phase != "open":
		m.bad("%s at %d in poll %d, which is %s", r.Kind, r.Seq, d.Poll, p.Phase)
	default:
		touched[m.whose(p, d.Hash)] = true
		if r.Kind == "poll.withdrawn" {
			p.retract(d.Hash)
		} else {
			m.vote(r, d, p, d.Hash)
		}
	}
	return true
}

// simForgotten are the refusals of a ballot that was given before, once its key
// is gone and with it the knowledge of whose it was: it is decided anew.
var simForgotten = []string{"poll.closed", "survey.closed", "wire.not_found", "auth.forbidden", "survey.absent", "room.ended", "mod.muted", "mod.banned"}

// keysGone checks that no key is left by which a ballot of a poll that is
// closed could be told.
func (s *sim) keysGone(when string) {
	for _, id := range s.rooms {
		for _, p := range s.models[id].polls {
			if p.Secret && p.Phase == "closed" && s.keyOf(simPollKey(id, p.ID)) != nil {
				s.fail("%s: poll %d of %s is closed, and whose ballot is whose can still be told", when, p.ID, id)
			}
		}
		for _, p := range s.models[id].surveys {
			if p.Anonymous && p.Phase == "closed" && s.keyOf(simSurveyKey(id, p.ID)) != nil {
				s.fail("%s: survey %d of %s is closed, and whose answers are whose can still be told", when, p.ID, id)
			}
		}
	}
}
