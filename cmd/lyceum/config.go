package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/lyceum-live/lyceum/internal/config"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/internal/metrics/operator"
	"github.com/lyceum-live/lyceum/internal/screen"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/media/hls"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// Config is all that an operator may set; configs/lyceum.yaml shows it.
type Config struct {
	HTTP struct {
		Addr      string        `yaml:"addr" default:":8080" doc:"address of the pages, the API and the sockets"`
		PublicURL string        `yaml:"public_url" doc:"how people reach this server, such as https://class.example.org; empty: as each request says"`
		Origins   []string      `yaml:"origins" doc:"hosts of other sites whose pages may open sockets here"`
		Header    time.Duration `yaml:"header_timeout" default:"10s" min:"1s" max:"1m" doc:"how long a request may take to send its head"`
		Drain     time.Duration `yaml:"drain" default:"5s" min:"0s" max:"10m" doc:"over how long people are sent away when the server stops, so that they do not all come back at once; where nobody is, it stops at once"`
	} `yaml:"http"`
	Ops  operator.Config `yaml:"ops"`
	Data struct {
		Dir  string        `yaml:"dir" default:"./data" doc:"folder of the database, the signing key and uploaded files"`
		Keep time.Duration `yaml:"keep" default:"0s" min:"0s" doc:"how long the record of what happened in classes is kept; once a day, what is older goes, but for the newest thousand events of each class and what a follower still needs; 0: for ever"`
	} `yaml:"data"`
	Store  sqlite.Config `yaml:"store"`
	Access struct {
		Guests     bool          `yaml:"guests" default:"true" doc:"anybody may come in as a viewer by giving a name"`
		Ticket     time.Duration `yaml:"ticket" default:"24h" min:"1m" max:"720h" doc:"how long a viewer's token opens a class"`
		Room       string        `yaml:"room" default:"first-class" doc:"the class whose host link is printed at the start"`
		Keys       []string      `yaml:"api_keys" doc:"keys of other servers that post behaviours, each name=key or name=sha256:hex"`
		Rate       float64       `yaml:"rate" default:"20" unit:"messages a second" min:"1" max:"10000" doc:"that one socket may send"`
		Burst      int           `yaml:"burst" default:"80" unit:"messages" min:"1" max:"100000" doc:"that one socket may send at once"`
		Joins      float64       `yaml:"joins" default:"5000" unit:"joins a second" min:"1" max:"1000000" doc:"that the whole server lets in; the others are told when to come back"`
		Handshakes int           `yaml:"handshakes" default:"10000" unit:"sockets" min:"1" max:"1000000" doc:"that may be open and not yet welcomed"`
		Neighbours int           `yaml:"neighbours" default:"1000" unit:"sockets" min:"1" max:"1000000" doc:"of them, that may come from one address; a proxy on this machine is not counted so"`
	} `yaml:"access"`
	Catalog struct {
		File string `yaml:"file" doc:"YAML file of sessions and short videos; empty: the sample that comes with Lyceum"`
	} `yaml:"catalog"`
	Media   media.Config     `yaml:"media"`
	HLS     hls.Config       `yaml:"hls"`
	Record  record.Config    `yaml:"record"`
	Room    room.Config      `yaml:"room"`
	Files   files.Config     `yaml:"files"`
	Screen  screen.Config    `yaml:"moderation"`
	Sockets fanout.Config    `yaml:"sockets"`
	Points  reward.Config    `yaml:"points"`
	Suggest recommend.Config `yaml:"suggest"`
	Log     struct {
		Level  string `yaml:"level" default:"info" oneof:"debug info warn error" doc:"least important lines that are written"`
		Format string `yaml:"format" default:"console" oneof:"console json" doc:"how lines are written"`
	} `yaml:"log"`
}

// loadConfig reads flags, environment and file; flags win.
func loadConfig(name string, args []string, more func(*flag.FlagSet)) (*Config, *flag.FlagSet, error) {
	c := &Config{}
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	file := fs.String("config", os.Getenv(config.FileEnv), "configuration file")
	flags, err := config.Bind(fs, c)
	if err != nil {
		return nil, nil, err
	}
	if more != nil {
		more(fs)
	}
	if err := fs.Parse(args); err != nil {
		return nil, nil, err
	}
	if err := config.Load(c, config.Sources{File: *file, Env: os.Environ(), Flags: flags}); err != nil {
		return nil, nil, err
	}
	if !wire.RoomID(c.Access.Room).Valid() {
		return nil, nil, fmt.Errorf("access.room: a room's name has 1 to 64 of a-z, 0-9 and '-'")
	}
	return c, fs, nil
}
