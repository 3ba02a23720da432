package recommend_test

import (
	"fmt"
	"testing"

	"github.com/lyceum-live/lyceum/recommend"
)

func TestExplorationKeepsToLanguagesThatAreRead(t *testing.T) {
	var items []recommend.Item
	for i := range 20 {
		en := video(fmt.Sprint("en", i), fmt.Sprintf("Lesson %d", i), "go")
		zh := video(fmt.Sprint("zh", i), fmt.Sprintf("课程 %d", i), "go")
		en.Lang, zh.Lang = "en", "zh-CN"
		items = append(items, en, zh)
	}
	c := newClass(t, recommend.Config{Explore: 1}, items...)
	for range 50 {
		for _, s := range c.Suggest(recommend.Request{Now: c.at, Limit: 2, Langs: []string{"en"}}) {
			if s.Item.Lang != "en" {
				t.Fatalf("%s, to somebody who reads English", s.Item.ID)
			}
		}
	}
}
