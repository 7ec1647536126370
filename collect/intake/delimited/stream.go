package delimited

import (
	"context"

	"shuniu/collect/intake/tabular"
)

func (f *finder) large(ctx context.Context, t *text) ([]tabular.Found, error) {
	p := splitAll(t.data, f.d, t.bad)
	p.enc = f.enc.Name
	return f.small(ctx, p)
}
