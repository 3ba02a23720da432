package catalog

import (
	"fmt"
	"slices"
)

// Add takes in a short video beside those of the file. It is held to the same
// rules; one whose id is taken is refused.
func (c *Catalog) Add(item Item) error {
	if item.Kind != Video {
		return fmt.Errorf("catalogue: %s: only short videos can be added", item.ID)
	}
	item.Tags = slices.Clone(item.Tags)
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.add(entry{Item: item, added: true}); p != nil {
		return fmt.Errorf("catalogue: %s: %s: %s", item.ID, p.field, p.text)
	}
	return nil
}

// Remove takes an added video out again. It reports whether there was one.
func (c *Catalog) Remove(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.byID[id]
	if !ok || !c.entries[at].added {
		return false
	}
	c.entries = slices.Delete(slices.Clone(c.entries), at, at+1)
	clear(c.byID)
	clear(c.byRoom)
	for i, e := range c.entries {
		c.byID[e.ID] = i
		if e.Kind == Session {
			c.byRoom[e.Room] = i
		}
	}
	return true
}
