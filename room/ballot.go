package room

import (
	"context"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

// arm lets people vote in secret polls: it gives the state the keys of their
// pseudonyms. It is called whenever the state is another one.
func (r *Room) arm() {
	r.state.Polls.Pseudonyms = func(id uint64) ([]byte, error) {
		key, err := r.house.vault.key(context.Background(), poll.KeyID(r.id, id))
		if err != nil {
			return nil, storeError(err)
		}
		return key[:], nil
	}
}

// spend destroys the keys of secret polls that are closed, as soon as that is
// committed, and once more when the room is opened, should the server have
// stopped between the two.
func (r *Room) spend() {
	ctx := context.Background()
	var ids []wire.UserID
	for _, id := range r.state.Polls.Spent() {
		ids = append(ids, poll.KeyID(r.id, id))
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
		r.logger.Error("the key of a secret poll is not destroyed; it will be tried again", zap.Error(err))
	}
}

// ballot ends the decision of a ballot: the key of the command is remembered
// but not written down, and the voter alone sees what was given.
func (r *Room) ballot(a ask, b *draft, e Event, seq uint64) {
	if a.key != "" {
		d := digestOf(a.user, a.key)
		r.keys.add(d, seq)
		b.unwritten = append(b.unwritten, d)
	}
	id := uint64(0)
	switch e := e.(type) {
	case poll.Balloted:
		id = e.Poll
	case poll.Withdrawn:
		id = e.Poll
	}
	b.frames[len(b.frames)-1].personal = map[wire.UserID]wire.View{
		a.user: {Type: "poll.mine", Data: r.state.Polls.Own(id, a.user)},
	}
}
