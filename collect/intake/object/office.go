package object

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zip"
)

const (
	maxPart  = 128 << 20 // inflated bytes read of one part
	maxParts = 5000      // parts read of one document
)

func (d *description) zip() (*zip.Reader, error) {
	zr, err := zip.NewReader(d.src, d.src.Size)
	if err != nil {
		return nil, errors.Join(err, errDamaged)
	}
	return zr, nil
}

// part walks the XML of one part; see gets each token and says whether to go on.
func (d *description) part(f *zip.File, see func(xml.Token) bool) (err error) {
	r, err := f.Open()
	if err != nil {
		return errors.Join(err, errDamaged)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	dec := xml.NewDecoder(io.LimitReader(r, maxPart))
	dec.Strict = false
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for n := 0; ; n++ {
		if n&4095 == 0 && d.check() != nil {
			return d.check()
		}
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(err, errDamaged)
		}
		if !see(t) {
			return nil
		}
	}
}

// words says the text of the elements named text, with a break at the end of
// those named line.
func (d *description) words(f *zip.File, text, line string) error {
	inside := 0
	return d.part(f, func(t xml.Token) bool {
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case text:
				inside++
			case "tab", "tc", "table-cell":
				return d.say("\t")
			}
		case xml.EndElement:
			switch t.Name.Local {
			case text:
				inside--
			}
			if t.Name.Local == line {
				return d.say("\n")
			}
		case xml.CharData:
			if inside > 0 {
				return d.say(string(t))
			}
		}
		return true
	})
}

// properties reads leaf elements into the title and the notes.
func (d *description) properties(f *zip.File) error {
	name := ""
	return d.part(f, func(t xml.Token) bool {
		switch t := t.(type) {
		case xml.StartElement:
			name = t.Name.Local
			if name == "document-statistic" {
				for _, a := range t.Attr {
					if a.Name.Local == "page-count" {
						d.Pages, _ = strconv.Atoi(a.Value)
					}
				}
			}
		case xml.EndElement:
			name = ""
		case xml.CharData:
			v := string(t)
			switch name {
			case "title", "Title":
				d.Title = v
			case "creator", "initial-creator", "Author":
				d.note("author", v)
			case "created", "creation-date", "CreationDate":
				d.note("created", v)
			case "modified", "date", "ModDate":
				d.note("modified", v)
			case "subject", "Subject":
				d.note("subject", v)
			case "keywords", "keyword", "Keyword":
				d.note("keywords", v)
			case "Application", "generator", "Creator":
				d.note("software", v)
			case "Company":
				d.note("company", v)
			case "Pages", "Slides":
				if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n > 0 && n < 1_000_000 {
					d.Pages = n
				}
			}
		}
		return true
	})
}

func (d *description) coreProperties() error {
	zr, err := d.zip()
	if err != nil {
		return err
	}
	return d.propertiesOf(zr)
}

func (d *description) propertiesOf(zr *zip.Reader) error {
	var errs []error
	for _, f := range zr.File {
		switch f.Name {
		case "docProps/core.xml", "docProps/app.xml", "meta.xml":
			errs = append(errs, d.properties(f))
		}
	}
	return errors.Join(errs...)
}

func (d *description) docx() error {
	zr, err := d.zip()
	if err != nil {
		return err
	}
	err = d.propertiesOf(zr)
	for _, f := range zr.File {
		if f.Name == "word/document.xml" {
			return errors.Join(err, d.words(f, "t", "p"))
		}
	}
	return errors.Join(err, fmt.Errorf("no body: %w", errDamaged))
}

// numbered gives the parts that match pattern in the order of their numbers.
func numbered(zr *zip.Reader, pattern string) []*zip.File {
	var parts []*zip.File
	for _, f := range zr.File {
		if ok, err := path.Match(pattern, f.Name); ok && err == nil {
			parts = append(parts, f)
		}
	}
	number := func(f *zip.File) int {
		n := 0
		for _, c := range f.Name {
			if c >= '0' && c <= '9' && n < 1<<40 {
				n = n*10 + int(c-'0')
			}
		}
		return n
	}
	slices.SortStableFunc(parts, func(a, b *zip.File) int { return cmp.Compare(number(a), number(b)) })
	return parts[:min(len(parts), maxParts)]
}

func (d *description) pptx() error {
	zr, err := d.zip()
	if err != nil {
		return err
	}
	err = d.propertiesOf(zr)
	slides := numbered(zr, "ppt/slides/slide*.xml")
	d.Pages = len(slides)
	for _, f := range slides {
		if d.TextCut {
			break
		}
		err = errors.Join(err, d.words(f, "t", "p"))
	}
	return err
}

// ofd reads the fixed-layout format of GB/T 33190-2016.
func (d *description) ofd() error {
	zr, err := d.zip()
	if err != nil {
		return err
	}
	for _, f := range zr.File {
		if f.Name == "OFD.xml" {
			err = d.properties(f)
		}
	}
	pages := numbered(zr, "Doc_*/Pages/Page_*/Content.xml")
	d.Pages = len(pages)
	for _, f := range pages {
		if d.TextCut {
			break
		}
		err = errors.Join(err, d.words(f, "TextCode", "TextObject"))
	}
	return err
}

// openDocument reads ODT, ODP and their like.
func openDocument(zr *zip.Reader) kind {
	media := ""
	for _, f := range zr.File {
		if f.Name == "mimetype" {
			if r, err := f.Open(); err == nil {
				b, readErr := io.ReadAll(io.LimitReader(r, 128))
				if r.Close() == nil && readErr == nil {
					media = strings.TrimSpace(string(b))
				}
			}
		}
	}
	formats := map[string]string{"text": "odt", "presentation": "odp", "spreadsheet": "ods", "graphics": "odg"}
	rest, ok := strings.CutPrefix(media, "application/vnd.oasis.opendocument.")
	if !ok {
		return kind{"application/zip", "zip", nil}
	}
	return kind{media, formats[rest], (*description).odf}
}

func (d *description) odf() error {
	zr, err := d.zip()
	if err != nil {
		return err
	}
	err = d.propertiesOf(zr)
	for _, f := range zr.File {
		if f.Name == "content.xml" {
			return errors.Join(err, d.odfWords(f))
		}
	}
	return err
}

// odfWords says everything inside the body; text is not in an element of its own.
func (d *description) odfWords(f *zip.File) error {
	body := false
	return d.part(f, func(t xml.Token) bool {
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "body":
				body = true
			case "page":
				d.Pages = max(d.Pages, 0) + 1
			case "tab", "table-cell":
				return !body || d.say("\t")
			}
		case xml.EndElement:
			if n := t.Name.Local; body && (n == "p" || n == "h") {
				return d.say("\n")
			}
		case xml.CharData:
			if body {
				return d.say(string(t))
			}
		}
		return true
	})
}
