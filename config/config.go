package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"shuniu/fault"
)

// Config is the whole set-up. Keys are the yaml names; the environment name
// of workers.memory_mb is SHUNIU_WORKERS_MEMORY_MB.
type Config struct {
	Data   string `yaml:"data"`   // data folder
	Listen string `yaml:"listen"` // address of the web server, host:port
	MetaDB string `yaml:"metadb"` // empty: SQLite in the data folder
	TLS    TLS    `yaml:"tls"`    //
	// TrustedProxies are addresses or networks (CIDR) of reverse proxies; only
	// their X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []string `yaml:"trusted_proxies"`
	Log            Log      `yaml:"log"`     //
	Workers        Workers  `yaml:"workers"` //
	Uploads        Uploads  `yaml:"uploads"` //
	Upkeep         Upkeep   `yaml:"upkeep"`  //
}

// TLS names the PEM files of the server's certificate chain and its key; with
// neither the server speaks plain HTTP.
type TLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}

// Workers bound the sandboxed children.
type Workers struct {
	Count    int           `yaml:"count"`     // children kept warm
	MemoryMB int           `yaml:"memory_mb"` // of each
	Deadline time.Duration `yaml:"deadline"`  // of one query
	Intake   time.Duration `yaml:"intake"`    // of reading one file
}

// Uploads bound what is taken in.
type Uploads struct {
	MaxMB int `yaml:"max_mb"` // of one file
}

// Upkeep says how often tables are tidied and how long their past is kept.
type Upkeep struct {
	Every         time.Duration `yaml:"every"`          // 0: never
	KeepSnapshots int           `yaml:"keep_snapshots"` // at least this many of each table
	Keep          time.Duration `yaml:"keep"`           // and all that are younger
	KeepEvents    time.Duration `yaml:"keep_events"`    // of the event log
}

// Default is the set-up of a machine with 2 cores.
func Default() Config {
	return Config{
		Data: "./shuniu-data", Listen: "127.0.0.1:8420",
		Log:     Log{Level: "info", Format: "text"},
		Workers: Workers{Count: 2, MemoryMB: 1536, Deadline: 60 * time.Second, Intake: 30 * time.Minute},
		Uploads: Uploads{MaxMB: 64 << 10},
		Upkeep:  Upkeep{Every: time.Hour, KeepSnapshots: 50, Keep: 30 * 24 * time.Hour, KeepEvents: 30 * 24 * time.Hour},
	}
}

// Load reads file (none when empty) over Default, then env, entries NAME=value
// as os.Environ gives them. It returns fault.Invalid, with the place and the
// nearest known name, for anything it does not know.
func Load(file string, env []string) (Config, error) {
	c := Default()
	if file != "" {
		raw, err := read(file)
		if err != nil {
			return c, fmt.Errorf("read configuration: %w", err)
		}
		if err := c.decode(file, raw); err != nil {
			return c, err
		}
	}
	if err := c.environment(env); err != nil {
		return c, err
	}
	return c, c.check()
}

// maxBytes bounds a configuration file.
const maxBytes = 1 << 20

// read gives a file's text; it looks before it opens, because a pipe would
// hang and a device never end.
func read(file string) ([]byte, error) {
	file = filepath.Clean(file)
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: %w", file, fault.Invalid)
	}
	if st.Size() > maxBytes {
		return nil, fmt.Errorf("%s has %d bytes, more than a configuration needs: %w", file, st.Size(), fault.Invalid)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	odd := func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }
	if !utf8.Valid(raw) || bytes.ContainsFunc(raw, odd) {
		return nil, fmt.Errorf("%s is no text in UTF-8: %w", file, fault.Invalid)
	}
	return raw, nil
}

func (c *Config) decode(file string, raw []byte) error {
	tree, err := parser.ParseBytes(raw, 0)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", file, yaml.FormatError(err, false, true), fault.Invalid)
	}
	known := names(reflect.TypeFor[Config](), "")
	if !slices.ContainsFunc(tree.Docs, says) {
		return nil // the decoder would empty every setting
	}
	for _, doc := range tree.Docs {
		for _, k := range keys(doc.Body, "") {
			if !slices.Contains(known, k.name) && !slices.ContainsFunc(known, func(n string) bool { return strings.HasPrefix(n, k.name+".") }) {
				return fmt.Errorf("%s line %d: %s: %w", file, k.line, unknown(k.name, known), fault.Invalid)
			}
		}
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw)).Decode(c); err != nil && len(bytes.TrimSpace(raw)) > 0 {
		return fmt.Errorf("%s: %s: %w", file, yaml.FormatError(err, false, true), fault.Invalid)
	}
	return nil
}

// says reports whether a document holds anything but remarks.
func says(doc *ast.DocumentNode) bool {
	switch doc.Body.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return false
	}
	return true
}

type key struct {
	name string
	line int
}

func keys(n ast.Node, prefix string) []key {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	}
	var out []key
	for _, v := range values {
		name := prefix + v.Key.GetToken().Value
		out = append(out, key{name, v.Key.GetToken().Position.Line})
		out = append(out, keys(v.Value, name+".")...)
	}
	return out
}

// names lists the dotted keys of the leaves of t.
func names(t reflect.Type, prefix string) []string {
	var out []string
	for f := range t.Fields() {
		name := prefix + f.Tag.Get("yaml")
		if f.Type.Kind() == reflect.Struct {
			out = append(out, names(f.Type, name+".")...)
			continue
		}
		out = append(out, name)
	}
	return out
}

const envPrefix = "SHUNIU_"

func (c *Config) environment(env []string) error {
	known := names(reflect.TypeFor[Config](), "")
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || value == "" || slices.Contains(otherEnv, name) {
			continue
		}
		at := slices.IndexFunc(known, func(k string) bool { return envName(k) == rest })
		if at < 0 {
			all := make([]string, 0, len(known))
			for _, k := range known {
				all = append(all, envPrefix+envName(k))
			}
			return fmt.Errorf("environment: %s: %w", unknown(name, all), fault.Invalid)
		}
		if err := set(reflect.ValueOf(c).Elem(), known[at], value); err != nil {
			return fmt.Errorf("environment: %s: %w: %w", name, err, fault.Invalid)
		}
	}
	return nil
}

// otherEnv are variables of the same prefix that are not settings.
var otherEnv = []string{"SHUNIU_WORKER", "SHUNIU_SOAK", "SHUNIU_NO_POSTGRES", "SHUNIU_URL", "SHUNIU_ACCOUNT", "SHUNIU_PASSWORD", "SHUNIU_SHARED", "SHUNIU_CONFIG", "SHUNIU_POSTGRES"}

func envName(key string) string { return strings.ToUpper(strings.ReplaceAll(key, ".", "_")) }

func set(v reflect.Value, name, value string) error {
	head, rest, nested := strings.Cut(name, ".")
	for f, fv := range v.Fields() {
		if f.Tag.Get("yaml") != head {
			continue
		}
		if nested {
			return set(fv, rest, value)
		}
		switch fv.Interface().(type) {
		case string:
			fv.SetString(value)
		case time.Duration:
			d, err := time.ParseDuration(value)
			if err != nil {
				return fmt.Errorf("%q is no duration such as 90s", value)
			}
			fv.SetInt(int64(d))
		case []string:
			var list []string
			for item := range strings.SplitSeq(value, ",") {
				list = append(list, strings.TrimSpace(item))
			}
			fv.Set(reflect.ValueOf(list))
		case int:
			n, err := strconv.Atoi(value)
			if err != nil {
				return fmt.Errorf("%q is no whole number", value)
			}
			fv.SetInt(int64(n))
		}
		return nil
	}
	return errors.New("no such setting")
}

// Proxies are TrustedProxies as networks; fault.Invalid names one that is
// neither an address nor a network.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("trusted_proxies: %q is neither an address nor a network such as 10.1.2.0/24: %w", text, fault.Invalid)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (c *Config) check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(format+": %w", append(args, fault.Invalid)...))
	}
	if c.Data == "" {
		bad("data is empty")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level is %q, want debug, info, warn or error", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		bad("log.format is %q, want text or json", c.Log.Format)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		bad("tls.cert and tls.key are set together or not at all")
	}
	if _, err := c.Proxies(); err != nil {
		errs = append(errs, err)
	}
	if c.Workers.Count < 1 || c.Workers.Count > 64 {
		bad("workers.count is %d, want 1 to 64", c.Workers.Count)
	}
	if c.Workers.MemoryMB < 256 {
		bad("workers.memory_mb is %d, want at least 256", c.Workers.MemoryMB)
	}
	if c.Workers.Deadline <= 0 || c.Workers.Intake <= 0 {
		bad("workers.deadline and workers.intake must be above 0")
	}
	if c.Upkeep.Every < 0 || c.Upkeep.KeepSnapshots < 1 || c.Upkeep.Keep < 0 || c.Upkeep.KeepEvents < time.Hour {
		bad("upkeep: want every >= 0, keep_snapshots >= 1, keep >= 0, keep_events >= 1h")
	}
	if c.Uploads.MaxMB < 1 {
		bad("uploads.max_mb is %d, want at least 1", c.Uploads.MaxMB)
	}
	return errors.Join(errs...)
}

// unknown says that name is not known and which known name is nearest.
func unknown(name string, known []string) string {
	best, at := "", len(name)/2+2
	for _, k := range known {
		if d := distance(name, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return fmt.Sprintf("unknown setting %q", name)
	}
	return fmt.Sprintf("unknown setting %q, did you mean %q?", name, best)
}

// distance is the Levenshtein distance of a and b in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
