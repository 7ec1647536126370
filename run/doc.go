// Package run does work that is longer than a request: it is recorded before
// it starts, reports steps and progress, can be watched, cancelled and
// retried, and is taken up again after a restart.
//
//	runs.Register("collect.land", func(ctx context.Context, w *run.Work) (any, error) { … })
//	id, err := runs.Start(ctx, run.Spec{Kind: "collect.land", Title: name, Params: p})
package run
