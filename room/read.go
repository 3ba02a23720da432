package room

import (
	"context"

	"github.com/lyceum-live/lyceum/wire"
)

// LogInfo says how far a room's log goes.
func (h *House) LogInfo(ctx context.Context, id wire.RoomID) (LogInfo, error) {
	info, err := h.log.OpenLog(ctx, id)
	if err != nil {
		return LogInfo{}, storeError(err)
	}
	return info, nil
}

// Events returns what has happened in a room after a position, in order: some
// of it, and nothing at the end of the log. The room is not asked for it.
// Events hold secrets, such as answer keys and who asked anonymously.
func (h *House) Events(ctx context.Context, id wire.RoomID, after uint64) ([]Happened, error) {
	page, err := h.log.Read(ctx, id, after, readPage)
	if err != nil {
		return nil, storeError(err)
	}
	events, err := h.vault.openAll(ctx, page)
	if err != nil {
		return nil, storeError(err)
	}
	return events, nil
}
