package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

func testKeys(t *testing.T, place Place) {
	t.Run("answers as the model does", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := startIn(t, rt, place)
			ctx := t.Context()
			users := rapid.SampledFrom([]wire.UserID{"ana", "ben", "u:3@x", "d_4"})
			keys := map[wire.UserID][]byte{}
			var everyKey [][]byte // a key is never given twice
			rt.Repeat(map[string]func(*rapid.T){
				"ensure": func(rt *rapid.T) {
					user := users.Draw(rt, "user")
					key, err := s.EnsureKey(ctx, user)
					must(rt, err)
					if keys[user] == nil {
						for _, old := range everyKey {
							if bytes.Equal(old, key) {
								rt.Fatalf("a key was given again")
							}
						}
						keys[user] = key
						everyKey = append(everyKey, key)
					}
					if len(key) != 32 || !bytes.Equal(key, keys[user]) {
						rt.Fatalf("%s has key %x, want %x", user, key, keys[user])
					}
				},
				"destroy": func(rt *rapid.T) {
					user := users.Draw(rt, "user")
					must(rt, s.DestroyKey(ctx, user)) // also where there is none
					delete(keys, user)
				},
				"": func(rt *rapid.T) {
					asked := rapid.SliceOfN(users, 0, 6).Draw(rt, "users")
					got, err := s.Keys(ctx, asked)
					must(rt, err)
					want := map[wire.UserID][]byte{}
					for _, user := range asked {
						if key := keys[user]; key != nil {
							want[user] = key
						}
					}
					same(rt, "keys", len(got), len(want))
					for user := range want {
						same(rt, "key", got[user], want[user])
					}
				},
				"reopen": func(rt *rapid.T) {
					if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
						s.reopen()
					}
				},
			})
		})
	})

	t.Run("all who ask at once get one key", func(t *testing.T) {
		s := start(t, place)
		var got [24][]byte
		atOnce(len(got), func(i int) {
			key, err := s.EnsureKey(t.Context(), wire.UserID(fmt.Sprint("u", i%3)))
			if err != nil {
				t.Errorf("ensure: %v", err)
			}
			got[i] = key
		})
		for i := range got {
			if !bytes.Equal(got[i], got[i%3]) {
				t.Errorf("u%d has two keys", i%3)
			}
		}
	})
}

func testCursors(t *testing.T, place Place) {
	t.Run("each follower has its own in each room", func(t *testing.T) {
		s := start(t, place)
		ctx := context.Background()
		want := map[[2]string]uint64{}
		for i, follower := range []string{"reward", "recommend"} {
			for j, id := range []wire.RoomID{"a", "b"} {
				seq, err := s.Cursor(ctx, follower, id)
				must(t, err)
				same(t, "first cursor", seq, uint64(0))
				for _, seq := range []uint64{3, uint64(10*i + j + 5)} {
					must(t, s.SetCursor(ctx, follower, id, seq))
					want[[2]string{follower, string(id)}] = seq
				}
			}
		}
		for range 2 {
			for k, seq := range want {
				got, err := s.Cursor(ctx, k[0], wire.RoomID(k[1]))
				must(t, err)
				same(t, fmt.Sprint(k), got, seq)
			}
			s.reopen()
		}
	})
}
