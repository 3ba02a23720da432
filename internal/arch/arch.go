// Package arch holds the table of docs/architecture.md: which package of ours
// may import which. Its test fails when the code and the table part.
package arch

// Everything stands for every package of ours.
const Everything = "*"

// Allowed says what each package may import of ours. A package that is not
// named here may not exist.
var Allowed = map[string][]string{
	"wire":                          {},
	"quiz":                          {"wire", "internal/text"},
	"quiz/bank":                     {"wire", "quiz", "internal/text"},
	"poll":                          {"wire", "internal/text"},
	"qa":                            {"wire", "internal/text"},
	"survey":                        {"wire"},
	"internal/fanout":               {},
	"room":                          {"wire", "quiz", "poll", "qa", "survey", "internal/fanout", "internal/text"},
	"media":                         {"wire"},
	"media/record":                  {"wire", "media"},
	"signaling":                     {"wire", "media"},
	"catalog":                       {"wire"},
	"reward":                        {"wire"},
	"recommend":                     {"wire", "internal/text"},
	"recommend/evaluate":            {"recommend", "wire"},
	"internal/auth":                 {"wire"},
	"internal/text":                 {},
	"internal/screen":               {"internal/text"},
	"internal/files":                {"wire", "internal/config"},
	"internal/cell":                 {},
	"internal/report":               {"wire", "room", "quiz", "poll", "qa", "survey", "internal/text", "internal/cell"},
	"internal/config":               {},
	"internal/store/sqlite":         {"wire", "room", "reward", "recommend", "quiz", "quiz/bank"},
	"internal/store/sqlite/faultfs": {},
	"internal/store/storetest":      {"wire", "room", "reward", "recommend", "quiz", "quiz/bank"},
	"internal/server": {
		"wire", "qa", "room", "signaling", "media/record", "catalog", "reward", "recommend", "internal/auth", "internal/fanout",
		"internal/files", "quiz", "quiz/bank", "internal/formats", "internal/formats/exchange", "internal/formats/reason", "internal/cell", "internal/report",
	},
	"static":                    {},
	"configs":                   {},
	"internal/bot":              {"wire"},
	"internal/load":             {"wire"},
	"internal/load/media":       {"wire", "internal/bot", "internal/load"},
	"internal/metrics":          {"wire", "room", "internal/fanout", "internal/store/sqlite"},
	"internal/metrics/operator": {},
	"internal/arch":             {},
	"internal/formats": {
		"internal/formats/aiken", "internal/formats/bank", "internal/formats/bounded", "internal/formats/gift",
		"internal/formats/moodle", "internal/formats/qti", "internal/formats/table",
	},
	"internal/formats/bank":     {},
	"internal/formats/exchange": {"wire", "quiz", "internal/formats/bank"},
	"internal/formats/bounded":  {"internal/formats/bank"},
	"internal/formats/reason":   {},
	"internal/formats/markup":   {"internal/formats/bank", "internal/formats/bounded"},
	"internal/formats/aiken":    {"internal/formats/bank"},
	"internal/formats/gift":     {"internal/formats/bank", "internal/formats/markup"},
	"internal/formats/moodle":   {"internal/formats/bank", "internal/formats/bounded", "internal/formats/markup"},
	"internal/formats/qti":      {"internal/formats/bank", "internal/formats/bounded", "internal/formats/markup"},
	"internal/formats/table":    {"internal/cell", "internal/formats/bank", "internal/formats/bounded"},
	"internal/e2e":              {Everything},
	"internal/trial":            {Everything},
	"cmd/lyceum":                {Everything},
}
