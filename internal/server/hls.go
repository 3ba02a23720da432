package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/media/hls"
	"github.com/lyceum-live/lyceum/wire"
)

// hlsCookie carries the room token for players that can set no header, as a
// browser's own does: to the playlists and parts of that one room alone.
const hlsCookie = "lyceum-hls"

// verdictFor is how long it is not asked again whether somebody is banned: a
// viewer fetches several parts a second, and the room has other things to do.
const verdictFor = 3 * time.Second

// takenWithin is how long somebody may take for a piece of the stream: what is
// sent stays in memory until then, and is of no use later.
const takenWithin = 30 * time.Second

// verdicts remember who may see a room.
type verdicts struct {
	mu    sync.Mutex
	until map[verdict]time.Time
	swept time.Time
}

type verdict struct {
	room wire.RoomID
	user wire.UserID
}

func (v *verdicts) holds(key verdict, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return now.Before(v.until[key])
}

func (v *verdicts) note(key verdict, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.until == nil {
		v.until = map[verdict]time.Time{}
	}
	if now.Sub(v.swept) > verdictFor {
		v.swept = now
		for key, until := range v.until {
			if now.After(until) {
				delete(v.until, key)
			}
		}
	}
	v.until[key] = now.Add(verdictFor)
}

func (s *Server) hlsRoutes() {
	s.mux.HandleFunc("GET /v1/rooms/{room}/hls", s.shared(s.hlsState))
	s.mux.HandleFunc("GET /v1/rooms/{room}/hls/{path...}", s.shared(s.hlsFile))
}

// hlsViewer says who asks for a room's stream: somebody with a token of the
// room, in the header or the cookie, who is not banned there; or, with an API
// key, a cache that serves many (then the claims are empty).
func (s *Server) hlsViewer(r *http.Request, id wire.RoomID) (who auth.Claims, cache bool, err error) {
	if s.HLS == nil {
		return auth.Claims{}, false, hls.ErrNone
	}
	token := bearer(r)
	if token != "" {
		if _, ok := s.APIKeys.Check(token); ok {
			return auth.Claims{}, true, nil
		}
	} else if c, err := r.Cookie(hlsCookie); err == nil {
		token = c.Value
	}
	now := time.Now()
	if who, err = s.Keys.Verify(token, auth.Room, id, now); err != nil {
		return auth.Claims{}, false, err
	}
	key := verdict{id, who.User}
	if s.mayWatch.holds(key, now) {
		return who, false, nil
	}
	_, exists, err := s.House.Status(r.Context(), id)
	if err == nil && !exists {
		err = wire.ErrNotFound.In("room")
	}
	if err == nil {
		err = s.seenBy(r.Context(), id, who.User)
	}
	if err != nil {
		return auth.Claims{}, false, err
	}
	s.mayWatch.note(key, now)
	return who, false, nil
}

func (s *Server) seenBy(ctx context.Context, id wire.RoomID, user wire.UserID) error {
	may, err := s.House.Seen(ctx, id, user)
	if err == nil && !may {
		err = wire.ErrForbidden
	}
	return err
}

// hlsState says how a room's LL-HLS stands, has it begin, and gives the browser
// the right to play it.
func (s *Server) hlsState(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	who, cache, err := s.hlsViewer(r, id)
	var state hls.State
	if err == nil {
		state, err = s.HLS.State(id)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	at := "/v1/rooms/" + string(id) + "/hls"
	if token := bearer(r); token != "" && !cache {
		http.SetCookie(w, &http.Cookie{
			Name: hlsCookie, Value: token, Path: at, Expires: who.Expires, HttpOnly: true,
			SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(s.base(r), "https:"),
		})
	}
	s.answer(w, struct {
		State   string `json:"state"`
		Picture string `json:"picture"`
		URL     string `json:"url"`
		Plain   string `json:"plain"`
	}{state.State, state.Picture, at + "/live.m3u8", at + "/plain.m3u8"})
}

// hlsFile sends a playlist, an initialization section, a segment or a part.
func (s *Server) hlsFile(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	who, cache, err := s.hlsViewer(r, id)
	var reply *hls.Reply
	if err == nil {
		query := r.URL.Query()
		reply, err = s.HLS.Get(r.Context(), hls.Request{
			Room: id, Person: who.User, Path: r.PathValue("path"), MSN: query.Get("_HLS_msn"), Part: query.Get("_HLS_part"),
		})
	}
	if err != nil {
		if r.Context().Err() == nil {
			s.fail(w, r, err)
		}
		return
	}
	h := w.Header()
	h.Set("Content-Type", reply.Type)
	h.Set("Content-Length", strconv.FormatInt(reply.Length, 10))
	scope, fixed := "private", ""
	if cache {
		scope = "public"
	}
	if reply.Fresh == hls.Forever {
		fixed = ", immutable"
	}
	h.Set("Cache-Control", fmt.Sprintf("%s, max-age=%d%s", scope, int(reply.Fresh.Seconds()), fixed))
	h.Add("Vary", "Authorization, Cookie")
	if r.Method != http.MethodHead {
		// A connection that cannot be given a time keeps none.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(takenWithin))
		_ = reply.Send(w) // who has gone needs nothing
	}
}
