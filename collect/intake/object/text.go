package object

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"shuniu/collect/intake/charset"
)

// plain takes the text itself, in whatever encoding; bytes that are no text
// stay an unknown file.
func (d *description) plain() error {
	res, err := charset.Detect(d.src, d.src.Size)
	if err != nil {
		return err
	}
	if res.Name == "" || d.src.Size == 0 {
		return nil
	}
	b := d.at(int64(res.BOM), int(min(d.src.Size, 4*maxText)))
	text := decode(b, res.Name)
	if d.Format == "" && controls(text) {
		return nil
	}
	d.Encoding = res.Name
	if d.Format == "" {
		d.MediaType, d.Format = "text/plain", "text"
		if markdown(text) {
			d.MediaType, d.Format = "text/markdown", "markdown"
		}
	}
	if d.Format == "markdown" {
		for line := range strings.Lines(text[:min(len(text), 4096)]) {
			if title, ok := strings.CutPrefix(line, "# "); ok {
				d.Title = title
				break
			}
		}
	}
	d.say(text)
	return nil
}

// controls reports whether a text has characters that no text has.
func controls(text string) bool {
	return strings.IndexFunc(clip(text, 64<<10), func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\r\f\v\x1a\x1b", r)
	}) >= 0
}

// markdown reports whether a text has headings or links as Markdown writes them.
func markdown(text string) bool {
	marks := 0
	for i, line := range strings.Split(text[:min(len(text), 16<<10)], "\n") {
		if i > 300 {
			break
		}
		if strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "### ") || strings.HasPrefix(line, "```") {
			marks++
		}
		if strings.Contains(line, "](") {
			marks++
		}
	}
	return marks >= 2
}

// html takes the words of a page.
func (d *description) html() error {
	res, err := charset.Detect(d.src, d.src.Size)
	if err != nil {
		return err
	}
	d.Encoding = res.Name
	return d.htmlText(decode(d.at(int64(res.BOM), int(min(d.src.Size, 8*maxText))), res.Name))
}

func (d *description) htmlText(page string) error {
	z := html.NewTokenizer(strings.NewReader(page))
	mute, title := "", false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		case html.StartTagToken:
			name, _ := z.TagName()
			switch n := string(name); n {
			case "script", "style", "noscript":
				mute = n
			case "title":
				title = true
			case "p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table":
				d.say("\n")
			case "td", "th":
				d.say("\t")
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if string(name) == mute {
				mute = ""
			}
			title = title && string(name) != "title"
		case html.TextToken:
			words := strings.Join(strings.Fields(string(z.Text())), " ")
			switch {
			case mute != "" || words == "":
			case title:
				d.Title += words
			default:
				if !d.say(words + " ") {
					return nil
				}
			}
		case html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

// rtf takes the words of a Rich Text document.
// Source: Microsoft, Rich Text Format Specification 1.9.1.
func (d *description) rtf() error {
	b, err := d.whole(64 << 20)
	if err != nil {
		return err
	}
	page := "gb18030"
	var raw []byte // bytes of the code page not yet decoded
	flush := func() bool {
		ok := true
		if len(raw) > 0 {
			ok = d.say(decode(raw, page))
			raw = raw[:0]
		}
		return ok
	}
	depth, mute := 0, 0 // mute: depth from which nothing is said
	skip := 0           // characters that stand in for a \u
	for i := 0; i < len(b); i++ {
		if d.text.Len() >= maxText || i&0xFFFFF == 0 && d.check() != nil {
			break
		}
		switch c := b[i]; {
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth < mute {
				mute = 0
			}
		case c == '\r' || c == '\n':
		case c != '\\':
			if skip > 0 {
				skip--
			} else if mute == 0 {
				raw = append(raw, c)
			}
		case i+1 < len(b) && b[i+1] == '\'' && i+3 < len(b):
			code, notHex := strconv.ParseUint(string(b[i+2:i+4]), 16, 8)
			i += 3
			if skip > 0 {
				skip--
			} else if notHex == nil && mute == 0 {
				raw = append(raw, byte(code))
			}
		case i+1 < len(b) && b[i+1] == '*':
			if mute == 0 {
				mute = depth
			}
			i++
		default:
			word, number, end := rtfWord(b, i+1)
			i = end
			switch word {
			case "ansicpg":
				switch number {
				case 1252:
					page = "windows-1252"
				case 950:
					page = "big5"
				}
			case "u":
				if flush(); mute == 0 {
					if number < 0 {
						number += 65536
					}
					d.say(string(rune(number)))
				}
				skip = 1
			case "par", "line", "row":
				if flush(); mute == 0 {
					d.say("\n")
				}
			case "tab", "cell":
				if flush(); mute == 0 {
					d.say("\t")
				}
			case "fonttbl", "colortbl", "stylesheet", "pict", "object", "info", "header", "footer", "themedata", "datastore":
				if mute == 0 {
					mute = depth
				}
			}
		}
	}
	flush()
	return d.check()
}

// rtfWord reads a control word and its number; end is its last byte.
func rtfWord(b []byte, i int) (word string, number, end int) {
	from := i
	for i < len(b) && b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' {
		i++
	}
	if i == from { // a control symbol
		return "", 0, i
	}
	word = string(b[from:min(i, from+32)])
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	for i < len(b) && b[i] >= '0' && b[i] <= '9' && i-start < 10 {
		i++
	}
	number, _ = strconv.Atoi(string(b[start:i]))
	if i < len(b) && b[i] == ' ' {
		return word, number, i
	}
	return word, number, i - 1
}

var mailHeaders = []string{"from:", "received:", "return-path:", "delivered-to:", "subject:", "date:", "message-id:", "mime-version:", "to:", "x-", "reply-to:", "content-type:"}

// isMail reports whether a text begins with the headers of a letter.
func isMail(low []byte) bool {
	known, message := 0, false
	for i, line := range bytes.Split(low, []byte("\n")) {
		if i > 40 || len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		hit := false
		for _, h := range mailHeaders {
			if bytes.HasPrefix(line, []byte(h)) {
				hit = true
				message = message || h == "from:" || h == "received:" || h == "message-id:"
			}
		}
		switch {
		case hit:
			known++
		case i == 0:
			return false
		}
	}
	return known >= 3 && message
}

// mail reads a letter: its headers and its first text.
func (d *description) mail() error {
	m, err := mail.ReadMessage(io.NewSectionReader(d.src, 0, d.src.Size))
	if err != nil {
		return errors.Join(err, errDamaged)
	}
	words := mime.WordDecoder{CharsetReader: func(name string, r io.Reader) (io.Reader, error) { return charset.NewReader(r, name) }}
	header := func(name string) string {
		v := m.Header.Get(name)
		if s, err := words.DecodeHeader(v); err == nil {
			return s
		}
		return v
	}
	d.Title = header("Subject")
	d.note("author", header("From"))
	d.note("to", header("To"))
	d.note("created", header("Date"))
	return d.mailPart(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
}

func (d *description) mailPart(kind, coding string, body io.Reader, depth int) error {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain"
	}
	if strings.HasPrefix(media, "multipart/") && depth < 8 {
		mr := multipart.NewReader(body, params["boundary"])
		for range 200 {
			p, err := mr.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return errors.Join(err, errDamaged)
			}
			if name := p.FileName(); name != "" {
				if s, err := (&mime.WordDecoder{}).DecodeHeader(name); err == nil {
					name = s
				}
				d.say("\n附件: " + name + "\n")
				continue
			}
			if err := d.mailPart(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, depth+1); err != nil {
				return err
			}
			if media == "multipart/alternative" && d.text.Len() > 0 {
				return nil
			}
		}
		return nil
	}
	if !strings.HasPrefix(media, "text/") {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(io.LimitReader(body, 4*maxText))
	name := params["charset"]
	if name == "" {
		name = "utf-8"
	}
	text := decode(b, name)
	if media == "text/html" {
		return errors.Join(d.htmlText(text), err)
	}
	d.say(text)
	return err
}
