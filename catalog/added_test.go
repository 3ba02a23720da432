package catalog_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/catalog"
)

// TestAdded: whatever is added and removed, the catalogue has its file and
// what was added last, and finds each item under its id.
func TestAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := catalog.Parse("small.yaml", []byte(small), clock(&start))
		if err != nil {
			t.Fatal(err)
		}
		file := c.All()
		var added []string
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "errors", "go-101", "-"}).Draw(t, "id")
			if rapid.Bool().Draw(t, "add") {
				err := c.Add(catalog.Item{ID: id, Kind: catalog.Video, Title: "A clip"})
				fine := len(id) == 1 && id != "-" && !slices.Contains(added, id)
				if (err == nil) != fine {
					t.Fatalf("add %s: %v", id, err)
				}
				if fine {
					added = append(added, id)
				}
				continue
			}
			was := slices.Contains(added, id)
			if c.Remove(id) != was {
				t.Fatalf("remove %s: not %v", id, was)
			}
			added = slices.DeleteFunc(added, func(a string) bool { return a == id })
		}
		all := c.All()
		if len(all) != len(file)+len(added) {
			t.Fatalf("%d items", len(all))
		}
		for i, item := range all {
			if i >= len(file) && item.ID != added[i-len(file)] {
				t.Fatalf("item %d is %s", i, item.ID)
			}
			if got, ok := c.Get(item.ID); !ok || got.Title != item.Title {
				t.Fatalf("%s: %v", item.ID, ok)
			}
		}
		if got, ok := c.ByRoom("room-7"); !ok || got.ID != "calculus" {
			t.Fatalf("the session is lost: %v", ok)
		}
	})
	c, err := catalog.New(nil, clock(&start))
	if err != nil {
		t.Fatal(err)
	}
	if c.Add(catalog.Item{ID: "s", Kind: catalog.Session, Title: "S"}) == nil {
		t.Error("a session was added")
	}
}
