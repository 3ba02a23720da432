package media

import (
	"context"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/wire"
)

// candidateMessage carries an address of a server that tells its addresses
// apart from its offers. Lyceum does not.
const candidateMessage = "media.candidate"

// conversation is how a host or a viewer negotiates with a server: in the
// words of Lyceum's socket, which another server's are translated to.
type conversation interface {
	Messages() <-chan bot.Message
	Query(ctx context.Context, kind string, data, into any) error
	Err() error
	Close()
}

func dial(ctx context.Context, t load.Target, room wire.RoomID, token string) (conversation, error) {
	if t.Name == LiveKitName {
		return newLiveKit(t.URL, token), nil
	}
	return bot.Dial(ctx, t.URL, room, token, "")
}
