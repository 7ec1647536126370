package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"shuniu/collect/intake/tabular"
	"shuniu/config"
	"shuniu/fault"
	"shuniu/telemetry"
)

// version is set by the linker.
var version = "dev"

// Exit codes, a contract.
const (
	exitDone     = 0
	exitRefused  = 1 // the input was refused, wholly or partly, with the reason
	exitUsage    = 2
	exitInternal = 3
)

type commandLine struct {
	Data   string           `help:"Data folder." default:"./shuniu-data" env:"SHUNIU_DATA" type:"path"`
	Config string           `help:"Configuration file (YAML)." env:"SHUNIU_CONFIG" type:"path"`
	Wait   string           `help:"How long to wait for a data folder that another command holds." default:"30s"`
	Log    string           `name:"log-level" help:"debug, info, warn or error." default:""`
	Ver    kong.VersionFlag `name:"version" help:"Print the version."`

	Serve    serveCommand    `cmd:"" help:"Run the hub: web pages, API, schedules."`
	Inspect  inspectCommand  `cmd:"" help:"Say what tables are in a file; stores nothing."`
	Collect  collectCommand  `cmd:"" help:"Land files, folders and archives; a receipt for each table."`
	Query    queryCommand    `cmd:"" help:"Run one SELECT over landing.*, standard.*, library.*, topic.*."`
	Standard standardCommand `cmd:"" help:"Hold values and addresses against the national standards."`
	Clock    clockCommand    `cmd:"" help:"Say when a legal limit is due, with the days that count."`
	Matter   matterCommand   `cmd:"" help:"Check types of matters, list them, compare versions."`
	Refine   refineCommand   `cmd:"" help:"Build a resource library: one row a thing from what all departments say of it."`
	Link     linkCommand     `cmd:"" help:"Say which rows speak of the same person, company, product or publication."`
	Demo     demoCommand     `cmd:"" help:"Write a synthetic city with its truth, or score what was made of it."`
	Doctor   doctorCommand   `cmd:"" help:"Check that everything acknowledged is there and undamaged."`
	Worker   workerCommand   `cmd:"" hidden:"" help:"The sandboxed child (internal)."`
}

// An app is what every command needs.
type app struct {
	cli    *commandLine
	conf   config.Config
	log    *slog.Logger
	out    io.Writer
	errOut io.Writer

	command string // its first word, e.g. collect
}

// A refusedError ends the program with exitRefused; its text was printed or
// is the reason to print.
type refusedError struct {
	reason string
	said   bool // the output already holds the reason
}

func (e *refusedError) Error() string { return e.reason }

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute runs the command line and returns the exit code.
func execute(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends what does not listen
	cli := &commandLine{}
	left := -1
	parser, err := kong.New(cli,
		kong.Name("shuniu"),
		kong.Description("枢纽 Shuniu: the data hub of a city district."),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { left = code }),
		kong.Vars{"version": version},
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(errOut, "shuniu:", err)
		return exitInternal
	}
	k, err := parser.Parse(args)
	if left >= 0 { // --help, --version
		return left
	}
	if err != nil {
		fmt.Fprintf(errOut, "shuniu: %v\ntry: shuniu --help\n", err)
		return exitUsage
	}
	a := &app{cli: cli, out: out, errOut: errOut}
	if a.conf, err = config.Load(cli.Config, os.Environ()); err != nil {
		fmt.Fprintln(errOut, "shuniu:", err)
		return exitUsage
	}
	a.conf.Data = cli.Data
	level := a.conf.Log
	if cli.Log != "" {
		level.Level = cli.Log
	} else if k.Command() != "serve" && level.Level == "info" {
		level.Level = "warn" // a command is quiet when all is well
	}
	if a.log, err = telemetry.Logger(errOut, level); err != nil {
		fmt.Fprintln(errOut, "shuniu:", err)
		return exitUsage
	}
	a.command, _, _ = strings.Cut(k.Command(), " ")
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run(a)
	if err != nil && ctx.Err() != nil {
		err = whenStopped(err)
	}
	return a.exit(err)
}

// errStopped ends a command that was told to stop by SIGINT or SIGTERM.
var errStopped = &refusedError{reason: "stopped by a signal before it was done: what has a receipt is safe, nothing is half there; " +
	"run the same command again for the rest (已按信号停止：有回执的数据已安全入库，没有写了一半的；重新运行同一命令即可继续)"}

// whenStopped is what ended a command after a signal.
func whenStopped(err error) error {
	var refused *refusedError
	if errors.As(err, &refused) && refused.said {
		return err
	}
	return errStopped
}

// exit prints why err ended the command and returns the exit code.
func (a *app) exit(err error) int {
	if err == nil {
		return exitDone
	}
	var (
		refused *refusedError
		refusal *tabular.Refusal
		usage   *usageError
	)
	switch {
	case errors.As(err, &refused):
		if !refused.said {
			fmt.Fprintln(a.errOut, refused.reason)
		}
		return exitRefused
	case errors.As(err, &refusal):
		fmt.Fprintln(a.errOut, refusal.Message+refusal.Hint)
		return exitRefused
	case errors.As(err, &usage):
		fmt.Fprintln(a.errOut, "shuniu:", usage.Error())
		return exitUsage
	}
	fmt.Fprintln(a.errOut, "shuniu:", err)
	if errors.Is(err, fs.ErrPermission) {
		fmt.Fprintf(a.errOut, "a file belongs to another account than uid %d; give the data folder back to its owner with chown -R (文件属于其他账号，请修正目录的所有者)\n", os.Getuid())
	}
	if k := fault.KindOf(err); k == nil || errors.Is(k, fault.Full) {
		return exitInternal
	}
	return exitRefused
}

// A usageError ends the program with exitUsage.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }
