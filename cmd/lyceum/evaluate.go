package main

import (
	"context"
	"os"
	"os/signal"

	replay "github.com/lyceum-live/lyceum/recommend/evaluate"
)

// evaluate replays recorded behaviour through the recommender that serves.
func evaluate(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return replay.Run(ctx, args, os.Stdout)
}
