package survey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// In an anonymous survey answers and participation are apart, as in a secret
// poll. Answers are in the log by nobody, under a pseudonym: a hash under a key
// that only this survey has. So later answers take the place of earlier ones,
// and one's own can be shown as long as the survey is open. At the close the
// log gets who took part, in the order of their ids, and the key is destroyed:
// then nobody can say any more whose answers are whose. As a result that grows
// would tell, nobody sees it before the close, the staff neither. What people
// write is kept under a key of the survey and not under their own, and is shown
// in an order that has nothing to do with when it was written.
//
// What remains is what somebody's own words tell, and that the only one who
// answered has given the only answers: the pages say so.

// Secret is what an open anonymous survey needs.
type Secret struct {
	Key   []byte      // of the pseudonyms
	Words wire.UserID // under whose key people's words are kept
}

// Secrets gives the secret of an open anonymous survey, or says why it cannot
// be had.
type Secrets func(survey uint64) (Secret, error)

// Pseudonym is what somebody is called in an anonymous survey.
func Pseudonym(key []byte, user wire.UserID) wire.UserID {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(user))
	return wire.UserID(hex.EncodeToString(mac.Sum(nil)))
}

// KeyID is under which id the key of the pseudonyms of a room's survey is kept.
func KeyID(room wire.RoomID, survey uint64) wire.UserID {
	return wire.UserID(fmt.Sprintf("survey.%s.%d", room, survey))
}

// WordsID is under which id the key of what people wrote in it is kept.
func WordsID(room wire.RoomID, survey uint64) wire.UserID { return KeyID(room, survey) + ".words" }

// pen returns under what name user's answers in p are kept, and who owns their
// words.
func (s *State) pen(p *Survey, user wire.UserID) (name, owner wire.UserID, err error) {
	if !p.Anonymous {
		return user, user, nil
	}
	if p.Phase != PhaseOpen || s.Secrets == nil {
		return "", "", wire.ErrNotFound.In("survey") // whose answers are whose is not known any more
	}
	secret, err := s.Secrets(p.ID)
	if err != nil {
		return "", "", err
	}
	return Pseudonym(secret.Key, user), secret.Words, nil
}

// Conceals reports whether c is an answer to an anonymous survey: nothing may
// then be written down about who gave it.
func (s *State) Conceals(c any) bool {
	a, ok := c.(Answer)
	if !ok {
		return false
	}
	p := s.Surveys[a.Survey]
	return p != nil && p.Anonymous
}

// Takers returns who of the people has answered an open anonymous survey, in
// the order of their ids. It is none for other surveys.
func (s *State) Takers(id uint64, people []wire.UserID) ([]wire.UserID, error) {
	p := s.Surveys[id]
	if p == nil || !p.Anonymous || len(p.Answers) == 0 {
		return nil, nil
	}
	var takers []wire.UserID
	for _, user := range people {
		name, _, err := s.pen(p, user)
		if err != nil {
			return nil, err
		}
		if _, took := p.Answers[name]; took {
			takers = append(takers, user)
		}
	}
	slices.Sort(takers)
	return takers, nil
}

// Spent returns the anonymous surveys that are closed: the keys of their
// pseudonyms must be no more.
func (s *State) Spent() []uint64 {
	var ids []uint64
	for id, p := range s.Surveys {
		if p.Anonymous && p.Phase == PhaseClosed {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
