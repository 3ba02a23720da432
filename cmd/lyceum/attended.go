package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// attendedFile names, in the data folder, the rooms that have people in them,
// and when that was. By it a server that follows one which was killed knows for
// how long there was none, though nothing may have happened in a class for a
// while. It is one small file for all rooms, written without waiting for the
// disk: what a power cut takes of it is not missed much.
const (
	attendedFile  = "attended.json"
	attendedEvery = 20 * time.Second
)

// attendance is what the file says.
type attendance struct {
	At    wire.Millis   `json:"at"`
	Rooms []wire.RoomID `json:"rooms"`
}

// recall tells the house what the server before it has noted.
func recall(house interface {
	Attended(wire.RoomID, wire.Millis)
}, path string, log *zap.Logger) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var noted attendance
	if err == nil {
		err = json.Unmarshal(b, &noted)
	}
	if err != nil {
		log.Warn("which rooms had people in them is not known", zap.Error(err))
		return
	}
	for _, id := range noted.Rooms {
		house.Attended(id, noted.At)
	}
}

// note keeps the file up to date until the function that it returns is called.
func note(house *room.House, path string, log *zap.Logger) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(attendedEvery)
		defer tick.Stop()
		some := true // what was noted before is still there
		for {
			select {
			case <-tick.C:
			case <-quit:
				return
			}
			now := attendanceOf(house)
			if len(now.Rooms) == 0 && !some {
				continue
			}
			if err := now.write(path); err != nil {
				log.Warn("which rooms have people in them is not noted", zap.Error(err))
				continue
			}
			some = len(now.Rooms) > 0
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// attendanceOf looks at all rooms.
func attendanceOf(house *room.House) attendance {
	now := attendance{At: wire.At(time.Now())}
	for id, status := range house.InUse() {
		if status.Count > 0 {
			now.Rooms = append(now.Rooms, id)
		}
	}
	return now
}

// write puts the file in place whole.
func (a attendance) write(path string) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
