package room

import (
	"context"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// arm lets people vote in secret polls and answer anonymous surveys: it gives
// the state the keys of their pseudonyms. It is called whenever the state is another one.
func (r *Room) arm() {
	r.state.Polls.Pseudonyms = func(id uint64) ([]byte, error) {
		key, err := r.house.vault.key(context.Background(), poll.KeyID(r.id, id))
		if err != nil {
			return nil, storeError(err)
		}
		return key[:], nil
	}
	r.state.Surveys.Secrets = func(id uint64) (survey.Secret, error) {
		key, err := r.house.vault.key(context.Background(), survey.KeyID(r.id, id))
		if err != nil {
			return survey.Secret{}, storeError(err)
		}
		return survey.Secret{Key: key[:], Words: survey.WordsID(r.id, id)}, nil
	}
}

// spend destroys the keys of pseudonyms of what is closed, as soon as that is
// committed, and once more when the room is opened, should the server have
// stopped between the two.
func (r *Room) spend() {
	ctx := context.Background()
	var ids []wire.UserID
	for _, id := range r.state.Polls.Spent() {
		ids = append(ids, poll.KeyID(r.id, id))
	}
	for _, id := range r.state.Surveys.Spent() {
		ids = append(ids, survey.KeyID(r.id, id))
	}
	if len(ids) == 0 {
		return
	}
	keys, err := r.house.vault.keys.Keys(ctx, ids)
	for id := range keys {
		if destroyErr := r.house.vault.keys.DestroyKey(ctx, id); destroyErr != nil {
			err = destroyErr
		}
	}
	for _, id := range ids {
		r.house.vault.Forget(id)
	}
	if err != nil {
		r.logger.Error("a key of pseudonyms is not destroyed; it will be tried again", zap.Error(err))
	}
}

// conceals reports whether a command is a ballot: nothing may then be written
// down about who gave it.
func (r *Room) conceals(c Command) bool {
	return r.state.Polls.Conceals(c) || r.state.Surveys.Conceals(c)
}

// mark is what the log says in place of the key of a ballot's command, so that
// an older ballot which is repeated does not take the place of a newer one,
// also after a restart: a hash of the voter and the key, under the key of the
// pseudonyms. Once that is destroyed nobody can say any more whose it was, and
// there is none; nor has any other command one.
func (r *Room) mark(a ask) (string, error) {
	if a.key == "" || !r.conceals(a.cmd) {
		return "", nil
	}
	wish := a.user + "\x00" + wire.UserID(a.key) // no id has a zero in it
	mark := wire.UserID("")
	switch c := a.cmd.(type) {
	case survey.Answer:
		if r.state.Surveys.Surveys[c.Survey].Phase != survey.PhaseOpen {
			return "", nil
		}
		secret, err := r.state.Surveys.Secrets(c.Survey)
		if err != nil {
			return "", err
		}
		mark = survey.Pseudonym(secret.Key, wish)
	default:
		var err error
		if mark, err = r.state.Polls.Mark(c, wish); err != nil {
			return "", err
		}
	}
	return string(mark), nil
}

// repeated reports whether a command was carried out before, and where. mark is
// that of a ballot.
func (r *Room) repeated(a ask, mark string) (seq uint64, again bool) {
	if a.key == "" {
		return 0, false
	}
	if seq, again = r.keys.find(digestOf(a.user, a.key)); !again && mark != "" {
		seq, again = r.keys.find(digestOf(wire.System.User, mark))
	}
	return seq, again
}

// ballot ends the decision of a ballot: the voter alone sees what was given.
// The key of the command itself is remembered as well, though not written down:
// by it a ballot is known again after the close.
func (r *Room) ballot(a ask, b *draft, e Event, seq uint64) {
	if a.key != "" {
		d := digestOf(a.user, a.key)
		r.keys.add(d, seq)
		b.unwritten = append(b.unwritten, d)
	}
	var own wire.View
	switch e := e.(type) {
	case poll.Balloted:
		own = wire.View{Type: "poll.mine", Data: r.state.Polls.Own(e.Poll, a.user)}
	case poll.Withdrawn:
		own = wire.View{Type: "poll.mine", Data: r.state.Polls.Own(e.Poll, a.user)}
	case survey.Balloted:
		own = wire.View{Type: "survey.mine", Data: r.state.Surveys.Own(e.Survey, a.user)}
	default: // nothing has changed
		return
	}
	b.frames[len(b.frames)-1].personal = map[wire.UserID]wire.View{a.user: own}
}
