package main

import (
	"os"

	"github.com/lyceum-live/lyceum/configs"
	"github.com/lyceum-live/lyceum/internal/screen"
	"github.com/lyceum-live/lyceum/room"
)

// openScreen makes the machine check of what viewers write; nil: none is asked
// for.
func openScreen(c screen.Config) (func(string) room.Checked, error) {
	s, err := screen.Load(c, func(name string) ([]byte, error) {
		if name == "en" || name == "zh" { // the short lists in the binary
			return configs.FS.ReadFile("words/" + name + ".txt")
		}
		return os.ReadFile(name)
	})
	if s == nil || err != nil {
		return nil, err
	}
	return func(text string) room.Checked {
		v := s.Check(text)
		c := room.Checked{Text: v.Text, Hold: v.Action == screen.Hold, Block: v.Action == screen.Block}
		for _, hit := range v.Hits { // the reason that moderators see is the sternest
			if c.Rule == "" || hit.Action == v.Action {
				c.Rule = hit.Rule
			}
			if hit.Action == v.Action {
				break
			}
		}
		return c
	}, nil
}
