package intake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/document"
	"shuniu/collect/intake/tabular"
)

// maxPages is how many bytes of pages are taken out of one MHTML file.
const maxPages = 256 << 20

// mhtml finds the tables of a "single file web page", which office programs
// also write under the name .xls: a MIME message whose parts are the pages of
// the sheets (RFC 2557). They are read one after the other as one page. A
// message of any other kind gives nothing: it is an object.
func (w *walker) mhtml(ctx context.Context, m *Member, opt tabular.Options) ([]tabular.Found, error) {
	msg, err := mail.ReadMessage(bufio.NewReader(io.NewSectionReader(m.Source, 0, m.Source.Size)))
	if err != nil {
		return nil, nil //nolint:nilerr // no message after all
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/related" || params["boundary"] == "" {
		return nil, nil //nolint:nilerr // a letter, kept as it is
	}
	damaged := &tabular.Refusal{Kind: "damaged", Message: "网页归档文件（MHTML）不完整，后面的部分读不出来。", Hint: "请重新导出，或另存为 XLSX 后再提交。"}
	end, err := tail(m.Source, 64<<10)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(end, "--"+params["boundary"]+"--") {
		return nil, damaged
	}
	var pages bytes.Buffer
	var doubt string
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, damaged
		}
		page, why, err := pageOf(part, opt.Encoding)
		if err != nil {
			return nil, err
		}
		if doubt == "" {
			doubt = why
		}
		if pages.Len()+len(page) > maxPages {
			return nil, tooLarge("网页归档超过 256 MB")
		}
		pages.Write(page)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if pages.Len() == 0 {
		return nil, nil
	}
	src := *m.Source
	src.ReaderAt, src.Size = bytes.NewReader(pages.Bytes()), int64(pages.Len())
	found, err := document.FindHTML(ctx, &src, opt)
	if err != nil {
		return nil, err
	}
	m.Format = formatOf("html", found)
	for i := range found {
		m.Encoding, found[i].Encoding = "utf-8", "utf-8"
		if doubt != "" {
			found[i].Questions = append(found[i].Questions, doubt)
		}
	}
	return found, nil
}

// pageOf is a part that is a page, as UTF-8; nothing for styles and pictures.
func pageOf(part *multipart.Part, encoding string) (page []byte, doubt string, err error) {
	kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil || kind != "text/html" {
		return nil, "", nil //nolint:nilerr // not a page
	}
	var body io.Reader = part
	switch strings.ToLower(strings.TrimSpace(part.Header.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(part)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, part)
	}
	raw, err := io.ReadAll(io.LimitReader(body, maxPages+1))
	if err != nil {
		return nil, "", &tabular.Refusal{Kind: "damaged", Message: "网页归档文件（MHTML）有一部分不能按它声明的方式读出。", Hint: "请重新导出，或另存为 XLSX 后再提交。"}
	}
	// What the bytes are decides; what the header says of them only where
	// they leave it open.
	if encoding == "" {
		res, err := charset.Detect(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return nil, "", err
		}
		encoding, doubt = res.Name, res.Doubt
		if declared := params["charset"]; doubt != "" && declared != "" {
			if text, ok := decodeAll(strings.ToLower(declared), raw); ok {
				return []byte(text), "", nil
			}
		}
		raw = raw[min(res.BOM, len(raw)):]
	}
	text, ok := decodeAll(encoding, raw)
	if !ok {
		return nil, "", &tabular.Refusal{Kind: "damaged", Message: "网页归档文件（MHTML）里的文字不能按 " + encoding + " 编码读出。", Hint: "请在上传页指定编码，或另存为 XLSX 后再提交。"}
	}
	return []byte(text), doubt, nil
}
