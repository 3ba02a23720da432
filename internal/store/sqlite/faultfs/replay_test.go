package faultfs_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/store/sqlite/faultfs"
)

func write(file int, at int64, data string) faultfs.Op {
	return faultfs.Op{Kind: faultfs.Write, Name: "a", File: file, At: at, Data: []byte(data)}
}

func truncate(file int, size int64) faultfs.Op {
	return faultfs.Op{Kind: faultfs.Truncate, Name: "a", File: file, At: size}
}

func create(file int) faultfs.Op {
	return faultfs.Op{Kind: faultfs.Create, Name: "a", File: file}
}

func TestWhatIsSyncedIsThere(t *testing.T) {
	sync := faultfs.Op{Kind: faultfs.Sync, Name: "a", File: 1}
	syncDir := faultfs.Op{Kind: faultfs.Sync, Name: "a", File: 1, Dir: true}
	remove := faultfs.Op{Kind: faultfs.Delete, Name: "a", File: 1}
	removeDir := faultfs.Op{Kind: faultfs.Delete, Name: "a", File: 1, Dir: true}
	const none = "no such file"
	tests := []struct {
		name        string
		base        string
		ops         []faultfs.Op
		synced, all string
	}{
		{"nothing happened", "old", nil, "old", "old"},
		{"a write", "old", []faultfs.Op{write(1, 0, "new")}, "old", "new"},
		{"a write and a sync", "old", []faultfs.Op{write(1, 0, "new"), sync}, "new", "new"},
		{"a write after a sync", "old", []faultfs.Op{sync, write(1, 1, "xyz")}, "old", "oxyz"},
		{"a hole", "old", []faultfs.Op{write(1, 5, "x")}, "old", "old\x00\x00x"},
		{"a truncation", "old", []faultfs.Op{truncate(1, 1)}, "old", "o"},
		{"a truncation and a sync", "old", []faultfs.Op{truncate(1, 1), sync, write(1, 1, "x")}, "o", "ox"},
		{"cut and made longer again", "old", []faultfs.Op{truncate(1, 0), write(1, 2, "x"), sync}, "\x00\x00x", "\x00\x00x"},
		{"a new file", none, []faultfs.Op{create(1), write(1, 0, "x")}, none, "x"},
		{"a new file, its bytes synced", none, []faultfs.Op{create(1), write(1, 0, "x"), sync}, none, "x"},
		{"a new file, its name synced", none, []faultfs.Op{create(1), write(1, 0, "x"), syncDir}, "x", "x"},
		{"a deletion", "old", []faultfs.Op{remove}, "old", none},
		{"a durable deletion", "old", []faultfs.Op{removeDir}, none, none},
		{"made again", "old", []faultfs.Op{remove, create(2), write(2, 0, "new")}, "old", "new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := faultfs.Journal{Base: map[string][]byte{}, Ops: tt.ops}
			if tt.base != none {
				j.Base["a"] = []byte(tt.base)
			}
			r := faultfs.NewReplay(j, rand.New(rand.NewPCG(1, 2)))
			r.To(len(tt.ops))
			for _, c := range []struct {
				which string
				got   faultfs.Image
				want  string
			}{{"synced", r.Synced(), tt.synced}, {"all", r.All(), tt.all}} {
				want := faultfs.Image{}
				if c.want != none {
					want["a"] = []byte(c.want)
				}
				if !reflect.DeepEqual(c.got, want) {
					t.Errorf("%s: got %q, want %q", c.which, c.got, want)
				}
			}
		})
	}
}

// Whatever chance takes, a sector that no pending write touches is as it was
// synced, one that some do holds what it held after one of them, and chance
// does take and leave.
func TestChanceKeepsToTheRules(t *testing.T) {
	const sector, sectors = 512, 6
	rapid.Check(t, func(t *rapid.T) {
		fresh := byte(0)
		ops := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) faultfs.Op {
			if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
				return faultfs.Op{Kind: faultfs.Sync, Name: "a", File: 1}
			}
			from := rapid.IntRange(0, sectors-1).Draw(t, "from")
			n := rapid.IntRange(1, sectors-from).Draw(t, "n")
			fresh++
			return write(1, int64(from*sector), string(bytes.Repeat([]byte{fresh}, n*sector)))
		}), 1, 20).Draw(t, "ops")
		base := bytes.Repeat([]byte{0xff}, sectors*sector)
		var may [sectors]map[byte]bool
		for s := range may {
			may[s] = map[byte]bool{0xff: true}
		}
		newest := bytes.Repeat([]byte{0xff}, sectors)
		for _, o := range ops {
			if o.Kind == faultfs.Sync {
				for s := range may {
					may[s] = map[byte]bool{newest[s]: true}
				}
				continue
			}
			for s := int(o.At / sector); s < int(o.At/sector)+len(o.Data)/sector; s++ {
				newest[s] = o.Data[0]
				may[s][o.Data[0]] = true
			}
		}
		r := faultfs.NewReplay(faultfs.Journal{Base: map[string][]byte{"a": base}, Ops: ops}, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		r.To(len(ops))
		for range 20 {
			got := r.Some()["a"]
			if len(got) != len(base) {
				t.Fatalf("%d bytes", len(got))
			}
			for s := range sectors {
				here := got[s*sector : (s+1)*sector]
				if !may[s][here[0]] || bytes.Count(here, here[:1]) != sector {
					t.Fatalf("sector %d holds %d, may hold %v", s, here[0], may[s])
				}
			}
		}
	})
}

// Every mixture of two unsynced sectors comes up, also the later without the
// earlier, and after a sync that failed one of them is settled.
func TestChanceFindsEveryMixture(t *testing.T) {
	ops := []faultfs.Op{write(1, 0, "x"), write(1, 512, "y")}
	seen := map[string]bool{}
	chance := rand.New(rand.NewPCG(1, 2))
	for _, failed := range []bool{false, true} {
		j := faultfs.Journal{Base: map[string][]byte{"a": bytes.Repeat([]byte{'-'}, 1024)}, Ops: ops}
		if failed {
			j.Ops = append(j.Ops, faultfs.Op{Kind: faultfs.Sync, Name: "a", File: 1, Failed: true},
				faultfs.Op{Kind: faultfs.Sync, Name: "a", File: 1})
		}
		clear(seen)
		for range 200 {
			r := faultfs.NewReplay(j, chance)
			r.To(len(j.Ops))
			got := r.Some()["a"]
			seen[string([]byte{got[0], got[512]})] = true
			if failed && !bytes.Equal(r.Synced()["a"], r.All()["a"]) {
				t.Fatal("a failed sync left something open")
			}
		}
		if len(seen) != 4 {
			t.Errorf("after a failed sync (%v): %v", failed, seen)
		}
	}
}
