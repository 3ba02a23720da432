package poll

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// In a secret poll ballot and participation are apart. A ballot is in the log
// by nobody, under the voter's pseudonym: a hash under a key that only this
// poll has. So a second ballot takes the place of the first, and one's own can
// be shown as long as the poll is open. At the close the log gets who took
// part, in the order of their ids, and the key is destroyed: then nobody can
// say any more whose ballot is whose. As counts that grow would tell, nobody
// sees them before the close, the staff neither.

// Pseudonyms gives the key of an open secret poll, or says why it cannot be had.
type Pseudonyms func(poll uint64) (key []byte, err error)

// Pseudonym is what somebody is called in the ballots of a secret poll.
func Pseudonym(key []byte, user wire.UserID) wire.UserID {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(user))
	return wire.UserID(hex.EncodeToString(mac.Sum(nil)))
}

// KeyID is under which id the key of a room's secret poll is kept.
func KeyID(room wire.RoomID, poll uint64) wire.UserID {
	return wire.UserID(fmt.Sprintf("poll.%s.%d", room, poll))
}

// voter returns under what name user's vote in p is kept.
func (s *State) voter(p *Poll, user wire.UserID) (wire.UserID, error) {
	if !p.Secret {
		return user, nil
	}
	if p.Phase != PhaseOpen || s.Pseudonyms == nil {
		return "", wire.ErrNotFound.In("poll") // whose ballot is whose is not known any more
	}
	key, err := s.Pseudonyms(p.ID)
	if err != nil {
		return "", err
	}
	return Pseudonym(key, user), nil
}

// Conceals reports whether c is a ballot, or takes one back, in a secret poll:
// nothing may then be written down about who gave it.
func (s *State) Conceals(c any) bool {
	p := s.Polls[pollOf(c)]
	return p != nil && p.Secret
}

// pollOf is the poll in which c gives a vote or takes one back, if it does.
func pollOf(c any) uint64 {
	switch c := c.(type) {
	case Vote:
		return c.Poll
	case Retract:
		return c.Poll
	}
	return 0
}

// Mark is a pseudonym of something about a ballot, under the key of its poll:
// "" where there is no such key, or none any more.
func (s *State) Mark(c any, of wire.UserID) (wire.UserID, error) {
	p := s.Polls[pollOf(c)]
	if p == nil || !p.Secret || p.Phase != PhaseOpen {
		return "", nil
	}
	return s.voter(p, of)
}

// Takers returns who of the people has a ballot in an open secret poll, in the
// order of their ids. It is none for other polls.
func (s *State) Takers(id uint64, people []wire.UserID) ([]wire.UserID, error) {
	p := s.Polls[id]
	if p == nil || !p.Secret || p.voters() == 0 {
		return nil, nil
	}
	var takers []wire.UserID
	for _, user := range people {
		name, err := s.voter(p, user)
		if err != nil {
			return nil, err
		}
		if p.Has(name) {
			takers = append(takers, user)
		}
	}
	slices.Sort(takers)
	return takers, nil
}

// Spent returns the secret polls that are closed: their keys must be no more.
func (s *State) Spent() []uint64 {
	var ids []uint64
	for id, p := range s.Polls {
		if p.Secret && p.Phase == PhaseClosed {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// conceal makes a vote in a secret poll one of nobody.
func conceal(e Voted, name wire.UserID) Balloted {
	return Balloted{Poll: e.Poll, Hash: name, Choices: e.Choices, Value: e.Value}
}
