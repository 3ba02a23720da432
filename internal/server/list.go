package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// session is a class of the catalogue, as it stands.
type session struct {
	catalog.Item
	Phase room.Phase `json:"phase"`
	Count int        `json:"count"`
}

// find returns a room's status: as it stands, or as the catalogue announces
// it. A room that is in neither does not exist.
func (s *Server) find(ctx context.Context, id wire.RoomID) (room.Status, bool, error) {
	status, open, err := s.House.Status(ctx, id)
	if err != nil || open {
		return status, open, err
	}
	item, listed := s.Catalog.ByRoom(id)
	return room.Status{Title: item.Title, Phase: room.Waiting}, listed, nil
}

// sessions lists the classes of the catalogue, and those that are live though
// nobody has announced them.
func (s *Server) sessions(w http.ResponseWriter, r *http.Request) {
	var out struct {
		Sessions []session `json:"sessions"`
	}
	unannounced := s.House.InUse()
	for _, item := range s.Catalog.Sessions() {
		delete(unannounced, item.Room)
		status, _, err := s.find(r.Context(), item.Room)
		if err != nil {
			continue // a room that cannot be opened, which is in the log, hides no other
		}
		out.Sessions = append(out.Sessions, session{item, status.Phase, status.Count})
	}
	for _, id := range slices.Sorted(maps.Keys(unannounced)) {
		if status := unannounced[id]; status.Phase == room.Live && s.config.Guests {
			item := catalog.Item{ID: "room-" + string(id), Kind: catalog.Session, Title: status.Title, Room: id}
			out.Sessions = append(out.Sessions, session{item, status.Phase, status.Count})
		}
	}
	s.answer(w, out)
}

func (s *Server) videos(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, struct {
		Videos []catalog.Item `json:"videos"`
	}{s.Catalog.Videos()})
}

func (s *Server) roomStatus(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	status, exists, err := s.find(r.Context(), id)
	if err == nil && !exists {
		err = wire.ErrNotFound.In("room")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, struct {
		ID     wire.RoomID `json:"id"`
		Title  string      `json:"title"`
		Phase  room.Phase  `json:"phase"`
		Count  int         `json:"count"`
		Guests bool        `json:"guests"`
	}{id, status.Title, status.Phase, status.Count, s.config.Guests})
}

// recommendations are for the person whose token comes along, or for anybody.
func (s *Server) recommendations(w http.ResponseWriter, r *http.Request) {
	limit, err := intOf(r, "limit", 10, 50)
	kind := r.FormValue("kind")
	if err == nil && kind != "" && kind != "session" && kind != "video" {
		err = wire.ErrField.In("kind")
	}
	var person wire.UserID
	if err == nil && bearer(r) != "" {
		c, personErr := s.person(r)
		person, err = c.User, personErr
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, struct {
		Items []Recommended `json:"items"`
	}{s.Recommend(person, kind, langOf(r.Header.Get("Accept-Language")), limit)})
}

// pointsEntry is a line of somebody's own history.
type pointsEntry struct {
	At     wire.Millis `json:"at"`
	Points int64       `json:"points"`
	Rule   string      `json:"rule"`
	Room   wire.RoomID `json:"room"`
}

func (s *Server) points(w http.ResponseWriter, r *http.Request) {
	limit, err := intOf(r, "limit", 50, 200)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	who, err := s.person(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	balance, err := s.Points.Balance(r.Context(), who.User)
	var entries []reward.Entry
	var next string
	if err == nil {
		entries, next, err = s.Points.History(r.Context(), who.User, r.FormValue("after"), limit)
	}
	if errors.Is(err, wire.ErrField) {
		err = wire.ErrField.In("after") // as this address calls the cursor
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	history := make([]pointsEntry, len(entries))
	for i, e := range entries {
		history[i] = pointsEntry{e.At, e.Points, e.Rule, e.Room}
	}
	s.answer(w, struct {
		Balance int64         `json:"balance"`
		History []pointsEntry `json:"history"`
		Next    string        `json:"next"`
	}{balance, history, next})
}

// intOf reads a number from 1 to most from a request's query.
func intOf(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, wire.ErrField.In(name)
	}
	return n, nil
}
