// Package pace carries with a context that nobody waits for what is done under
// it, so that it should leave room for what somebody waits for.
package pace

import "context"

type key struct{}

// Gently returns a context for work that nobody waits for.
func Gently(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// IsGentle reports whether nobody waits for what is done under ctx.
func IsGentle(ctx context.Context) bool {
	gentle, _ := ctx.Value(key{}).(bool)
	return gentle
}
