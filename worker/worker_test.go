package worker_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"shuniu/worker"
)

func TestMain(m *testing.M) {
	if worker.IsChild() {
		worker.Main(handlers)
	}
	goleak.VerifyTestMain(m)
}

func newPool(t testing.TB, cfg worker.Config) *worker.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command = []string{self}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir() + "/pool"
	}
	p, err := worker.NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
