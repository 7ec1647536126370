package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

const (
	maxText   = 1 << 20         // bytes of extracted text
	maxMeta   = 1 << 10         // bytes of one metadata value
	timeLimit = 8 * time.Second // of one description
)

// An Object is what is known of a file that is kept as it is.
type Object struct {
	MediaType       string            `json:"media_type"`                 // e.g. application/pdf; application/octet-stream when unknown
	Format          string            `json:"format"`                     // short: pdf, png, docx, mp4, text …; "" when unknown
	Encoding        string            `json:"encoding,omitempty"`         // of a text
	Title           string            `json:"title,omitempty"`            // as the file says itself
	Pages           int               `json:"pages,omitempty"`            // pages or slides
	Width           int               `json:"width,omitempty"`            // pixels
	Height          int               `json:"height,omitempty"`           // pixels
	DurationSeconds float64           `json:"duration_seconds,omitempty"` // of sound and film
	Text            string            `json:"text,omitempty"`             // at most 1 MiB
	TextCut         bool              `json:"text_cut,omitempty"`         // there was more
	Meta            map[string]string `json:"meta,omitempty"`             // author, created, camera, lon, lat (WGS 84, degrees) …
	Doubt           string            `json:"doubt,omitempty"`            // what could not be read, in plain words
}

// A description is an Object while it is being found out.
type description struct {
	Object
	check func() error // why to stop: the error of the context
	src   *tabular.Source
	text  strings.Builder
}

// Describe finds out what a file is. It always answers, within seconds: what
// cannot be read is left out and named in Doubt.
func Describe(ctx context.Context, src *tabular.Source) Object {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	d := &description{check: ctx.Err, src: src}
	d.MediaType = "application/octet-stream"
	if err := d.look(); err != nil {
		d.Doubt = doubtOf(err)
	}
	d.Text = strings.TrimSpace(strings.ToValidUTF8(d.text.String(), "\uFFFD"))
	d.Title = clip(strings.TrimSpace(d.Title), maxMeta)
	return d.Object
}

// look runs the reader of the format; a reader that falls over a damaged file
// leaves what it found so far.
func (d *description) look() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("read %s: %v: %w", d.Format, v, errDamaged)
		}
	}()
	head := make([]byte, min(d.src.Size, 64<<10))
	if n, err := d.src.ReadAt(head, 0); n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", d.src.Name, err)
	}
	kind := sniff(head, d.src)
	d.MediaType, d.Format = kind.media, kind.format
	if kind.read == nil {
		return nil
	}
	return kind.read(d)
}

var (
	errDamaged   = errors.New("damaged")
	errEncrypted = errors.New("encrypted")
	errLarge     = errors.New("too large to look into")
)

func doubtOf(err error) string {
	switch {
	case errors.Is(err, errEncrypted):
		return "文件有密码，没有读出文字。"
	case errors.Is(err, errLarge):
		return "文件太大，没有读出文字。"
	case errors.Is(err, context.DeadlineExceeded):
		return "文件太复杂，文字没有读完。"
	case errors.Is(err, context.Canceled):
		return "读取被中止。"
	}
	return "文件可能不完整或已损坏，文字没有读全。"
}

// say adds text; false when there is enough.
func (d *description) say(s string) bool {
	if left := maxText - d.text.Len(); len(s) > left {
		d.text.WriteString(clip(s, left))
		d.TextCut = true
		return false
	}
	d.text.WriteString(s)
	return true
}

// note keeps a metadata value, when there is one.
func (d *description) note(key, value string) {
	value = strings.TrimSpace(strings.Trim(value, "\x00"))
	if value == "" {
		return
	}
	if d.Meta == nil {
		d.Meta = map[string]string{}
	}
	d.Meta[key] = clip(strings.ToValidUTF8(value, "\uFFFD"), maxMeta)
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:max(n, 0)]
}

// whole reads the file into memory when it has at most limit bytes.
func (d *description) whole(limit int64) ([]byte, error) {
	if d.src.Size > limit {
		return nil, errLarge
	}
	b := make([]byte, d.src.Size)
	if n, err := d.src.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("read %s: %w", d.src.Name, err)
	}
	return b, nil
}
