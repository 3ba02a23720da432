// Package room runs one class: who is in it, its stage, chat, activities and
// moderation.
//
//	waiting ──Open──▶ live ──End──▶ ended ──Open──▶ live …
//
// A room is a log of events. [Decide] says what a command would change and
// [State.Apply] changes it; neither does any I/O, so folding a log again
// rebuilds its room exactly. What a person may see of it is made by
// [State.Views] and [State.Snapshot]: events never reach a socket.
//
// Around these rules a [Room] has one goroutine that owns the state. It takes
// all commands that wait, decides and applies each, appends the events to the
// [Log] once, and only then answers and publishes. What it has acknowledged is
// durable, and nobody has seen what was lost.
//
// A [House] keeps the rooms that are in use, and a [Follower] carries their
// committed events to whatever else wants to know: points, recommendations.
package room

import "time"

// Config bounds a room. The zero value means the defaults.
type Config struct {
	History  int           `yaml:"history" default:"100" doc:"chat messages that a newcomer sees"`
	Members  int           `yaml:"members" default:"20000" doc:"people in one room at a time"`
	Sockets  int           `yaml:"sockets" default:"6" doc:"sockets of one person in one room; the oldest goes"`
	Commands float64       `yaml:"commands" default:"10" unit:"commands a second" min:"1" max:"100000" doc:"that one viewer may give, in bursts of four seconds' worth; staff ten times as many"`
	Messages float64       `yaml:"messages" default:"2" unit:"messages a second" min:"1" max:"100000" doc:"that one viewer may write, in bursts of five seconds' worth; staff ten times as many"`
	Inbox    int           `yaml:"inbox" default:"8192" doc:"commands that may wait for a room before it says it is busy"`
	Share    int           `yaml:"share" default:"64" doc:"of them, how many one socket may have waiting"`
	Grace    time.Duration `yaml:"grace" default:"10s" doc:"how long somebody without a socket still counts as present"`
	Idle     time.Duration `yaml:"idle" default:"10m" doc:"how long a room without sockets stays in memory"`
	Tick     time.Duration `yaml:"tick" default:"200ms" doc:"least time between two signals of one kind"`
	Snapshot int           `yaml:"snapshot" default:"4000" doc:"events between two snapshots of a room's state, at least"`
	Recent   int           `yaml:"recent" default:"1000" doc:"newest events whose views a reopened room still has, for people who come back"`
}

func (c Config) withDefaults() Config {
	or := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&c.History, 100)
	or(&c.Members, 20000)
	or(&c.Sockets, 6)
	if c.Commands <= 0 {
		c.Commands = 10
	}
	if c.Messages <= 0 {
		c.Messages = 2
	}
	or(&c.Inbox, 8192)
	wait(&c.Grace, 10*time.Second)
	wait(&c.Idle, 10*time.Minute)
	wait(&c.Tick, 200*time.Millisecond)
	or(&c.Snapshot, 4000)
	or(&c.Share, 64)
	or(&c.Recent, 1000)
	return c
}
