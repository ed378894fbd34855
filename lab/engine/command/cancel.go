package main

import (
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/middleware/cancel"
)

// cancellable returns the provider with calls that end when the engine cancels (Ctrl-C): the wrapped provider passes
// the word on to its dialling only, and waits for a running command to the end.
func cancellable(real p.Provider) p.Provider {
	out := real
	out.Create = func(ctx p.Context, req p.CreateRequest) (p.CreateResponse, error) {
		return leave(ctx, func() (p.CreateResponse, error) { return real.Create(ctx, req) })
	}
	out.Update = func(ctx p.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		return leave(ctx, func() (p.UpdateResponse, error) { return real.Update(ctx, req) })
	}
	out.Delete = func(ctx p.Context, req p.DeleteRequest) error {
		_, err := leave(ctx, func() (struct{}, error) { return struct{}{}, real.Delete(ctx, req) })
		return err
	}
	return cancel.Wrap(out)
}

// leave waits for act until the context ends. Then act is left to itself: its connection lasts as long as this process.
func leave[T any](ctx p.Context, act func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := act()
		done <- result{value, err}
	}()
	select {
	case got := <-done:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("cancelled; a command that had begun may still run on its host: %w", ctx.Err())
	}
}
