package store

import (
	"context"
	"errors"
	"slices"
	"sync"

	"shuniu/matter"
)

// maxGroup bounds the works of one transaction.
const maxGroup = 256

// A job is the works of one Apply and their results.
type job struct {
	works   []matter.Work
	results []matter.Result
	done    chan struct{} // closed when results are there
	lead    chan struct{} // closed when the job's caller shall commit the next group
}

// A lane brings jobs together. Whoever comes when nobody commits does; who
// comes meanwhile waits and is in the next group.
type lane struct {
	mu    sync.Mutex
	busy  bool
	queue []*job
}

// submit has commit called with j among others, and returns when j is done. A
// caller that gives up while its job waits takes it back; once the commit has
// begun its result is waited for.
func (l *lane) submit(ctx context.Context, j *job, commit func(context.Context, []*job)) error {
	l.mu.Lock()
	l.queue = append(l.queue, j)
	leads := !l.busy
	l.busy = true
	l.mu.Unlock()
	if !leads {
		select {
		case <-j.done:
			return nil
		case <-j.lead:
		case <-ctx.Done():
			l.mu.Lock()
			if i := slices.Index(l.queue, j); i >= 0 {
				select {
				case <-j.lead: // it must pass the lead on
				default:
					l.queue = slices.Delete(l.queue, i, i+1)
					l.mu.Unlock()
					return ctx.Err()
				}
			}
			l.mu.Unlock()
			select {
			case <-j.done:
				return nil
			case <-j.lead:
			}
		}
	}
	l.mu.Lock()
	n, works := 0, 0
	for n < len(l.queue) && (n == 0 || works+len(l.queue[n].works) <= maxGroup) {
		works += len(l.queue[n].works)
		n++
	}
	group := slices.Clone(l.queue[:n]) // j is the first
	l.queue = slices.Delete(l.queue, 0, n)
	l.mu.Unlock()
	l.commit(context.WithoutCancel(ctx), group, commit)
	return nil
}

// errUnfinished is what callers get when the commit they waited for panicked.
var errUnfinished = errors.New("the commit did not finish")

// commit runs the leader's commit and passes the lead on, also when it panics:
// the leader's caller sees the panic, the others an error, and nobody hangs.
func (l *lane) commit(ctx context.Context, group []*job, commit func(context.Context, []*job)) {
	for _, g := range group {
		for i := range g.results {
			g.results[i].Err = errUnfinished
		}
	}
	defer func() {
		for _, g := range group {
			close(g.done)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.queue) > 0 {
			close(l.queue[0].lead)
		} else {
			l.busy = false
		}
	}()
	commit(ctx, group)
}
