package worker

import (
	"fmt"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// confine shuts this process in, for good: limits, Landlock (its own folders
// and what the run-time reads, no TCP, no signals to others) and a filter of
// system calls for what Landlock does not know. It returns the kernel's
// Landlock version, 0 when the kernel has none.
func confine(s setting) (abi int, err error) {
	if err := limit(s); err != nil {
		return 0, err
	}
	abi, err = ll.LandlockGetABIVersion()
	if err != nil {
		abi = 0
	}
	err = landlock.V7.BestEffort().Restrict(
		landlock.RODirs(s.In),
		landlock.RWDirs(s.Out, s.Temp),
		landlock.RODirs("/usr/share/zoneinfo").IgnoreIfMissing(),
		landlock.ROFiles("/etc/localtime", "/dev/urandom").IgnoreIfMissing(),
		// DuckDB asks its control group for limits and aborts when the files
		// are there and cannot be read.
		landlock.ROFiles("/proc/self/cgroup").IgnoreIfMissing(),
		landlock.RODirs("/sys/fs/cgroup").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
	)
	if err != nil {
		return 0, fmt.Errorf("landlock: %w", err)
	}
	return abi, filterCalls()
}

// limit sets the resource limits of this process.
func limit(s setting) error {
	limits := []struct {
		name     string
		resource int
		value    uint64
	}{
		{"core", unix.RLIMIT_CORE, 0},
		{"nofile", unix.RLIMIT_NOFILE, 4096},
		{"fsize", unix.RLIMIT_FSIZE, uint64(s.FileBytes)},
		{"as", unix.RLIMIT_AS, addressSpace(s.MemoryBytes)},
	}
	for _, l := range limits {
		if l.value == 0 && l.resource != unix.RLIMIT_CORE {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(l.resource, &now); err != nil {
			return fmt.Errorf("limit %s: %w", l.name, err)
		}
		value := min(l.value, now.Max)
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("limit %s: %w", l.name, err)
		}
	}
	return nil
}
