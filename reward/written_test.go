package reward_test

import (
	"context"
	"testing"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// counting counts what the ledger is asked to write.
type counting struct {
	reward.Store
	asked int
}

func (c *counting) Grant(ctx context.Context, entries []reward.Entry) ([]bool, map[wire.UserID]int64, error) {
	c.asked += len(entries)
	return c.Store.Grant(ctx, entries)
}

// TestWhatIsDoneAgainAsksNothing: somebody who changes their vote a thousand
// times costs the ledger one question.
func TestWhatIsDoneAgainAsksNothing(t *testing.T) {
	store := &counting{Store: newLedger()}
	bank := reward.NewBank(reward.NewRules(reward.Default), store)
	for seq := range uint64(1000) {
		gains, err := bank.Earn(t.Context(), []reward.Fact{{Rule: reward.Voted, Room: "go-101", Seq: 100 + seq, Of: 7, User: "uana"}})
		if err != nil || (len(gains) == 1) != (seq == 0) {
			t.Fatalf("vote %d gained %v, %v", seq, gains, err)
		}
	}
	if store.asked != 1 {
		t.Errorf("the ledger was asked %d times", store.asked)
	}
}
