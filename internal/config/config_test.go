package config_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/config"
)

// Config is such as a server's main puts together: sections that belong to
// other packages, with and without tags, and options of its own.
type Config struct {
	HTTP struct {
		Addr              string        `yaml:"addr" default:":8080" doc:"where to listen for HTTP"`
		PublicURL         string        `yaml:"public_url" doc:"the address that people see"`
		Origins           []string      `yaml:"origins" doc:"other sites whose pages may open sockets"`
		ReadHeaderTimeout time.Duration `default:"10s" min:"1s" doc:"how long a request's head may take"`
	} `yaml:"http"`
	Media  Media
	Room   Room   `yaml:"room"`
	Points Points `yaml:"points"`
	Log    struct {
		Level  string `yaml:"level" default:"info" oneof:"debug info warn error" doc:"what is logged"`
		Format string `yaml:"format" default:"console" oneof:"console json" doc:"how it is written"`
	} `yaml:"log"`
	Guests struct {
		Allowed bool `yaml:"allowed" default:"true" doc:"whether people may come in without an account"`
	} `yaml:"guests"`
	APIKeys []string `yaml:"api_keys" doc:"keys of other servers"`
}

type Media struct {
	UDPAddr   string           `yaml:"udp_addr" default:":7443" doc:"one UDP port for all media"`
	PublicIPs []netip.Addr     `doc:"addresses that browsers reach this machine at"`
	Cache     int64            `unit:"bytes" default:"64MiB" min:"1KiB" doc:"memory for packets that may be asked for again"`
	Clock     func() time.Time `yaml:"-"`
}

type Room struct {
	ChatHistory int           `unit:"messages" default:"100" min:"0" max:"1000" doc:"chat messages that a newcomer sees"`
	Idle        time.Duration `yaml:"idle" default:"10m" doc:"how long an empty room stays in memory"`
	Slow        uint16        `unit:"seconds" doc:"between two messages of one person"`
}

type Points struct {
	Answered int64   `unit:"points" doc:"for an answer"`
	Share    float64 `max:"1" doc:"part that an inviter gets"`
}

// Check refuses what no single option shows.
func (p Points) Check() error {
	if p.Answered == 13 && p.Share == 1 {
		return errors.New("thirteen points cannot be shared")
	}
	return nil
}

// fresh returns a configuration as main has it before loading: what a package
// prefers to say in code is there already.
func fresh() *Config { return &Config{Points: Points{Answered: 5, Share: 0.5}} }

func defaults(t testing.TB) *Config {
	t.Helper()
	c := fresh()
	if err := config.Load(c, config.Sources{}); err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lyceum.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func parseFlags(t testing.TB, args ...string) *config.Flags {
	t.Helper()
	set := flag.NewFlagSet("lyceum", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	f, err := config.Bind(set, fresh())
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDefaults(t *testing.T) {
	c := defaults(t)
	want := fresh()
	want.HTTP.Addr, want.HTTP.ReadHeaderTimeout = ":8080", 10*time.Second
	want.Media.UDPAddr, want.Media.Cache = ":7443", 64<<20
	want.Room.ChatHistory, want.Room.Idle = 100, 10*time.Minute
	want.Log.Level, want.Log.Format = "info", "console"
	want.Guests.Allowed = true
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestFile(t *testing.T) {
	c := fresh()
	err := config.Load(c, config.Sources{File: write(t, `
http:
  addr: 0.0.0.0:80      # no quotes needed
  origins: [https://a.example, "https://b.example"]
  read_header_timeout: 1m30s
media:
  public_ips:
    - 203.0.113.7
    - 2001:db8::7
  cache: 1GiB
room:                   # all commented out
  # idle: 5m
points: {answered: 0}
guests:
  allowed: false
api_keys: &keys [a, b]
`)})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults(t)
	want.HTTP.Addr = "0.0.0.0:80"
	want.HTTP.Origins = []string{"https://a.example", "https://b.example"}
	want.HTTP.ReadHeaderTimeout = 90 * time.Second
	want.Media.PublicIPs = []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")}
	want.Media.Cache = 1 << 30
	want.Points.Answered = 0
	want.Guests.Allowed = false
	want.APIKeys = []string{"a", "b"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestBadFile(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a slip", "http:\n  adr: x", "F:2: http.adr: there is no such option; did you mean http.addr?"},
		{"a swap", "room:\n  ilde: 1m", "F:2: room.ilde: there is no such option; did you mean room.idle?"},
		{"the wrong section", "http:\n  idle: 1m", "F:2: http.idle: there is no such option; did you mean room.idle?"},
		{"no section", "addr: x", "F:1: addr: there is no such option; did you mean http.addr?"},
		{"a section misspelt", "\n\nhtpp:\n  addr: x", "F:3: htpp: there is no such option; did you mean http?"},
		{"like nothing", "zebra: x", "F:1: zebra: there is no such option"},
		{"an empty name", `"": x`, "F:1: there is no such option"},
		{"not for files", "media:\n  clock: x", "F:2: media.clock: there is no such option"},
		{"private", "media:\n  private: 1", "F:2: media.private: there is no such option"},
		{"dotted", "http.addr: x", "F:1: http.addr: an option stands below its section, not behind a dot"},
		{"twice", "http:\n  addr: x\n  addr: y", "F:3: http.addr: is there already, on line 2"},
		{"a section twice", "http:\n  addr: x\nroom:\nhttp:\n  addr: y", "F:4: http: is there already, on line 1"},
		{"no unit", "room:\n  idle: 10", `F:2: room.idle: must be a time with its unit, such as "30s", "10m" or "1h30m"`},
		{"no value", "room:\n  idle:", "F:2: room.idle: has no value; comment it out for the default"},
		{"below", "http:\n  read_header_timeout: 1ms", "F:2: http.read_header_timeout: must be at least 1s"},
		{"above", "room:\n  chat_history: 1001", "F:2: room.chat_history: must be at most 1000"},
		{"a small size", "media:\n  cache: 1B", "F:2: media.cache: must be at least 1KiB"},
		{"a bad size", "media:\n  cache: 1 apple", `F:2: media.cache: must be a size such as "512B", "64KiB" or "2GiB"`},
		{"a word for a number", "room:\n  slow: very", "F:2: room.slow: must be a whole number"},
		{"a part of a number", "room:\n  slow: 1.5", "F:2: room.slow: must be a whole number"},
		{"below zero", "room:\n  slow: -1", "F:2: room.slow: is out of range"},
		{"beyond 16 bits", "room:\n  slow: 65536", "F:2: room.slow: is out of range"},
		{"beyond 64 bits", "points:\n  answered: 99999999999999999999", "F:2: points.answered: is out of range"},
		{"not a number", "points:\n  share: .nan", "F:2: points.share: must be a number"},
		{"yes", "guests:\n  allowed: yes", "F:2: guests.allowed: must be true or false"},
		{"another word", "log:\n  level: loud", "F:2: log.level: must be one of: debug, info, warn, error"},
		{"a list for a value", "http:\n  addr: [x]", "F:2: http.addr: must be one value, not a list or a section"},
		{"a value for a list", "http:\n  origins: x", "F:2: http.origins: must be a list, as in [a, b]"},
		{"a list of lists", "http:\n  origins: [[x]]", "F:2: http.origins: must be a list of single values"},
		{"a value for a section", "http: x", `F:1: http: must be a section: options on their own lines, as in "name: value"`},
		{"a list for it all", "- x", `F:1: must be a section: options on their own lines, as in "name: value"`},
		{"two documents", "room:\n---\nroom:", "F:2: a second document begins here; a configuration is one"},
		{"not YAML", "http:\n  addr: a: b", "F:2: not YAML: mapping values are not allowed in this context"},
		{"the section as a whole", "room:\npoints:\n  answered: 13\n  share: 1", "F:2: points: thirteen points cannot be shared"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			c := fresh()
			err := config.Load(c, config.Sources{File: path})
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.ReplaceAll(err.Error(), path, "F"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if !reflect.DeepEqual(c, fresh()) {
				t.Errorf("a failed load changed something: %+v", c)
			}
			if _, ok := errors.AsType[*config.Error](err); !ok {
				t.Errorf("got a %T", err)
			}
		})
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	err := config.Load(fresh(), config.Sources{File: "nowhere.yaml"})
	if err == nil || err.Error() != "nowhere.yaml: cannot be read: no such file or directory" {
		t.Errorf("got %v", err)
	}
	if err := config.Load(fresh(), config.Sources{File: write(t, "# nothing\n")}); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if err := config.Load(fresh(), config.Sources{File: write(t, strings.Repeat("# much\n", 1<<18))}); err == nil {
		t.Error("a file of 1.75 MiB was accepted")
	}
}

func TestEnvironment(t *testing.T) {
	c := fresh()
	err := config.Load(c, config.Sources{Env: []string{
		"PATH=/bin", "LYCEUM_CONFIG=/etc/lyceum.yaml", "LYCEUM_SERVICE_HOST=10.0.0.1", "LYCEUM_PORT=tcp://10.0.0.1:80",
		"LYCEUM_ROOM_IDLE=5m", "LYCEUM_HTTP_ORIGINS=https://a.example, https://b.example",
		"LYCEUM_API_KEYS=a=b", "LYCEUM_LOG_LEVEL=",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults(t)
	want.Room.Idle = 5 * time.Minute
	want.HTTP.Origins = []string{"https://a.example", "https://b.example"}
	want.APIKeys = []string{"a=b"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}

	for env, want := range map[string]string{
		"LYCEUM_ROOM_IDEL=5m":  "LYCEUM_ROOM_IDEL: there is no such option; did you mean LYCEUM_ROOM_IDLE?",
		"LYCEUM_ROOM_IDLE=hum": `LYCEUM_ROOM_IDLE: room.idle: must be a time with its unit, such as "30s", "10m" or "1h30m"`,
	} {
		err := config.Load(fresh(), config.Sources{Env: []string{env}})
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestFlags(t *testing.T) {
	c := fresh()
	err := config.Load(c, config.Sources{Flags: parseFlags(t,
		"--room.idle=5m", "-room.slow", "3", "--guests.allowed=false",
		"--http.origins", "https://a.example", "--http.origins", "https://a.example,https://b.example")})
	if err != nil {
		t.Fatal(err)
	}
	if c.Room.Idle != 5*time.Minute || c.Room.Slow != 3 || c.Guests.Allowed ||
		strings.Join(c.HTTP.Origins, " ") != "https://a.example https://a.example https://b.example" {
		t.Errorf("got %+v", c)
	}
	if config.Load(c, config.Sources{Flags: parseFlags(t, "--guests.allowed")}); !c.Guests.Allowed {
		t.Error("a bare --guests.allowed is not true")
	}
	err = config.Load(fresh(), config.Sources{Flags: parseFlags(t, "--room.slow=x")})
	if err == nil || err.Error() != "--room.slow: must be a whole number" {
		t.Errorf("got %v", err)
	}
}

func TestFlagsExplainThemselves(t *testing.T) {
	set := flag.NewFlagSet("lyceum", flag.ContinueOnError)
	var out strings.Builder
	set.SetOutput(&out)
	if _, err := config.Bind(set, fresh()); err != nil {
		t.Fatal(err)
	}
	set.PrintDefaults()
	for _, want := range []string{"-media.cache bytes", "(default 64MiB)", "(default 10m)", "how it is written: console, json"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestTheStrongestSourceWins sets one option in any of the sources and expects
// the last of defaults, file, environment and flags that has it.
func TestTheStrongestSourceWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lyceum.yaml")
	rapid.Check(t, func(t *rapid.T) {
		want := 100
		var from config.Sources
		draw := func(source string) (int, bool) {
			n, set := rapid.IntRange(0, 1000).Draw(t, source), rapid.Bool().Draw(t, source+" is set")
			if set {
				want = n
			}
			return n, set
		}
		if n, ok := draw("file"); ok {
			if err := os.WriteFile(path, fmt.Appendf(nil, "room:\n  chat_history: %d\n", n), 0o600); err != nil {
				t.Fatal(err)
			}
			from.File = path
		}
		if n, ok := draw("environment"); ok {
			from.Env = []string{fmt.Sprintf("LYCEUM_ROOM_CHAT_HISTORY=%d", n)}
		}
		set := flag.NewFlagSet("lyceum", flag.ContinueOnError)
		var err error
		if from.Flags, err = config.Bind(set, fresh()); err != nil {
			t.Fatal(err)
		}
		if n, ok := draw("flag"); ok {
			if err := set.Parse([]string{fmt.Sprintf("--room.chat_history=%d", n)}); err != nil {
				t.Fatal(err)
			}
		}
		c := fresh()
		if err := config.Load(c, from); err != nil || c.Room.ChatHistory != want {
			t.Fatalf("got %d, %v; want %d", c.Room.ChatHistory, err, want)
		}
	})
}

// TestOptionsReadWhatTheySay feeds every option its own default back, through
// the environment and through a flag.
func TestOptionsReadWhatTheySay(t *testing.T) {
	options, err := config.Options(fresh())
	if err != nil {
		t.Fatal(err)
	}
	var env, args []string
	types := map[string]string{}
	for _, o := range options {
		env = append(env, o.Env+"="+o.Default)
		args = append(args, "--"+o.Key+"="+o.Default)
		types[o.Key] = o.Type
		if o.Doc == "" {
			t.Errorf("%s has no doc", o.Key)
		}
	}
	for key, want := range map[string]string{
		"http.addr": "text", "http.origins": "list of text", "room.idle": "duration", "room.slow": "whole number",
		"media.cache": "size", "media.public_ips": "list of text", "points.share": "number", "guests.allowed": "true or false",
	} {
		if types[key] != want {
			t.Errorf("%s is a %q, want %q", key, types[key], want)
		}
	}
	for _, from := range []config.Sources{{Env: env}, {Flags: parseFlags(t, args...)}} {
		c := fresh()
		if err := config.Load(c, from); err != nil {
			t.Fatal(err)
		}
		got, _ := config.Options(c)
		if !reflect.DeepEqual(got, options) {
			t.Errorf("got  %+v\nwant %+v", got, options)
		}
	}
}

func TestSample(t *testing.T) {
	if err := config.CheckSample(fresh(), "testdata/sample.yaml"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile("testdata/sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"missing", "  slow: 0 #", "  # slow", "room.slow is missing"},
		{"another value", "idle: 10m", "idle: 9m", `room.idle: is "9m"; the default is "10m"`},
		{"no comment", " # how it is written", "", "log.format: has no comment"},
		{"another comment", "# what is logged", "# whatever", `log.level: the comment does not say "what is logged"`},
		{"no unit", ", in seconds", "", `room.slow: the comment does not say "seconds"`},
		{"one too many", "  slow: 0", "  slower: 0", "room.slower: there is no such option; did you mean room.slow?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := config.CheckSample(fresh(), write(t, strings.Replace(string(text), tt.old, tt.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestMistakesInTheStruct(t *testing.T) {
	for name, dst := range map[string]any{
		"no pointer": Config{},
		"nil":        (*Config)(nil),
		"a map":      &struct{ M map[string]int }{},
		"a default": &struct {
			N int `default:"x"`
		}{},
		"a bound": &struct {
			S string `min:"1"`
		}{},
		"twice": &struct {
			A int `yaml:"a"`
			B int `yaml:"a"`
		}{},
		"one variable for two": &struct {
			A struct {
				BC int `yaml:"b_c"`
			}
			AB struct{ C int } `yaml:"a_b"`
		}{},
	} {
		if err := config.Load(dst, config.Sources{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := config.Size(rapid.Int64Min(0).Draw(t, "bytes") >> rapid.IntRange(0, 63).Draw(t, "shift") << rapid.SampledFrom([]int{0, 10, 20}).Draw(t, "unit"))
		if want < 0 {
			t.Skip("beyond 63 bits")
		}
		var got config.Size
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%s: got %d, %v; want %d", want, got, err, want)
		}
	})
	for text, want := range map[string]config.Size{"0": 0, "512": 512, "64KiB": 65536, "64 KiB": 65536, "1kB": 1000, "2GB": 2e9, "3B": 3} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "KiB", "-1", "1.5MiB", "1kib", "9223372036854775807KiB", "1 apple", "1KiBKiB"} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d", text, got)
		}
	}
}

func FuzzFile(f *testing.F) {
	sample, err := os.ReadFile("testdata/sample.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample))
	f.Add("a: &a [*a]")
	f.Add("http: &h\n  origins: *h")
	f.Add("<<: {http: {addr: x}}")
	f.Add("? [a]\n: b")
	path := filepath.Join(f.TempDir(), "lyceum.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := fresh()
		err := config.Load(c, config.Sources{File: path})
		if _, ok := errors.AsType[*config.Error](err); err != nil && !ok {
			t.Errorf("got a %T: %v", err, err)
		}
		if err != nil && !reflect.DeepEqual(c, fresh()) {
			t.Errorf("a failed load changed something")
		}
	})
}
