// Package arch holds the table of docs/architecture.md: which package of ours
// may import which. Its test fails when the code and the table part.
package arch

// Everything stands for every package of ours.
const Everything = "*"

// Allowed says what each package may import of ours. A package that is not
// named here may not exist.
var Allowed = map[string][]string{
	"wire":                          {},
	"quiz":                          {"wire"},
	"poll":                          {"wire"},
	"qa":                            {"wire"},
	"internal/fanout":               {},
	"room":                          {"wire", "quiz", "poll", "qa", "internal/fanout"},
	"media":                         {"wire"},
	"signaling":                     {"wire", "media"},
	"catalog":                       {"wire"},
	"reward":                        {"wire"},
	"recommend":                     {"wire"},
	"recommend/evaluate":            {"recommend", "wire"},
	"internal/auth":                 {"wire"},
	"internal/config":               {},
	"internal/store/sqlite":         {"wire", "room", "reward", "recommend"},
	"internal/store/sqlite/faultfs": {},
	"internal/store/storetest":      {"wire", "room", "reward", "recommend"},
	"internal/server": {
		"wire", "room", "signaling", "catalog", "reward", "recommend", "internal/auth", "internal/fanout",
	},
	"static":                    {},
	"configs":                   {},
	"internal/bot":              {"wire"},
	"internal/load":             {"wire"},
	"internal/metrics":          {"wire", "room", "internal/fanout", "internal/store/sqlite"},
	"internal/metrics/operator": {},
	"internal/arch":             {},
	"internal/e2e":              {Everything},
	"internal/trial":            {Everything},
	"cmd/lyceum":                {Everything},
}
