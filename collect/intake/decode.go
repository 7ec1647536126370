package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
)

// beginning decodes the first bytes of src by their own encoding, for a look
// at what kind of text it is; ok is false when they are no text.
func beginning(src *tabular.Source, b []byte, encoding string) (text string, ok bool, err error) {
	bom := 0
	if encoding == "" {
		res, err := charset.Detect(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return "", false, fmt.Errorf("read %s: %w", src.Name, err)
		}
		if res.Name == "" {
			return "", false, nil
		}
		encoding, bom = res.Name, res.BOM
	}
	d, err := charset.NewDecoder(encoding)
	if err != nil {
		return "", false, err
	}
	var out []byte
	for b = b[bom:]; len(b) > 0; {
		var n int
		var ok bool
		if out, n, ok = d.Append(out, b, false); ok {
			break // what is left is a character cut off by the end
		}
		b = b[n:]
		b = b[min(d.Skip(b), len(b)):]
	}
	return string(out), true, nil
}

// utf8 gives src as UTF-8 text without a byte order mark, and what is to be
// asked about its encoding. Bytes that do not decode refuse the file: formats
// with structure cannot drop a line.
func (w *walker) utf8(ctx context.Context, src *tabular.Source, encoding string) (text *tabular.Source, name, doubt string, drop func() error, err error) {
	drop = func() error { return nil }
	res := charset.Result{Name: encoding}
	if encoding == "" || encoding == "utf-8" {
		end, err := tail(src, utf8.UTFMax)
		if err != nil {
			return nil, "", "", drop, fmt.Errorf("read %s: %w", src.Name, err)
		}
		if n := halfCharacter([]byte(end)); n > 0 {
			whole := *src
			whole.Size -= int64(n)
			if res, err := charset.Detect(&whole, whole.Size); err == nil && (res.Name == "utf-8" || res.Name == "utf-8-bom") && res.Foreign == "" {
				src = &whole // cut off inside a character: the reader finds what is missing
				defer func() {
					if text != nil {
						doubt = join(doubt, fmt.Sprintf("文件末尾是半个字符（%d 字节），可能没有传完，读到它之前为止。", n))
					}
				}()
			}
		}
	}
	if encoding == "" {
		if res, err = charset.Detect(src, src.Size); err != nil {
			return nil, "", "", drop, fmt.Errorf("read %s: %w", src.Name, err)
		}
		if res.Name == "" {
			return nil, "", "", drop, &tabular.Refusal{Kind: "damaged", Message: "文件开头像文本，后面却夹有无法识别的二进制内容。", Hint: "请重新导出后再提交。"}
		}
	}
	d, err := charset.NewDecoder(res.Name)
	if err != nil {
		return nil, "", "", drop, err
	}
	if d.Plain() && res.Foreign == "" {
		body := *src
		body.ReaderAt = io.NewSectionReader(src, int64(res.BOM), src.Size-int64(res.BOM))
		body.Size = src.Size - int64(res.BOM)
		return &body, res.Name, res.Doubt, drop, nil
	}
	r, err := charset.NewReader(io.NewSectionReader(src, int64(res.BOM), src.Size-int64(res.BOM)), res.Name)
	if err != nil {
		return nil, "", "", drop, err
	}
	text, drop, err = w.inflate(ctx, src.Name, r, 0)
	if err != nil {
		if errors.Is(err, fault.Invalid) {
			err = &tabular.Refusal{Kind: "damaged", Message: fmt.Sprintf("文件不能按 %s 编码完整读出（%s）。", res.Name, reasonOf(err)), Hint: "请用统一的编码（建议 UTF-8）重新导出，或在上传页指定编码。"}
		}
		return nil, "", "", func() error { return nil }, err
	}
	return text, res.Name, res.Doubt, drop, nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + b
}

// reasonOf is the innermost part of err that says something of the bytes.
func reasonOf(err error) string {
	text, _, _ := strings.Cut(err.Error(), ": "+fault.Invalid.Error())
	return text
}

// decodeAll decodes short text, as file names are; ok is false when it does not decode.
func decodeAll(encoding string, b []byte) (string, bool) {
	d, err := charset.NewDecoder(encoding)
	if err != nil {
		return "", false
	}
	out, n, ok := d.Append(nil, b, true)
	return string(out), ok && n == len(b)
}
