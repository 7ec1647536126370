package object

import (
	"bytes"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

const pointerBytes = 8 << 10

// Pointer tells whether a file only stands for another: a Git LFS or git-annex
// pointer, a link written as text, a shortcut, an owner file of Office, or a
// download that was laid out but not filled. Nil when it is a file of its own.
func Pointer(src *tabular.Source) *tabular.Refusal {
	if src.Size == 0 {
		return nil
	}
	head := make([]byte, min(src.Size, pointerBytes))
	n, err := src.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil // the reader that follows says so
	}
	head = head[:n]
	if hollow(src, head) {
		return pointer("文件内容全部是零，下载或同步没有完成。", "请重新下载或同步完成后再上传。")
	}
	base := path.Base(strings.ReplaceAll(src.Name, `\`, "/"))
	switch {
	case bytes.HasPrefix(head, []byte("version https://git-lfs.github.com/spec/")),
		bytes.HasPrefix(head, []byte("version https://hawser.github.com/spec/")):
		return pointer("这是 Git LFS 的指针，不是数据本身。", "请在仓库里执行 git lfs pull，再上传真正的文件。")
	case bytes.HasPrefix(head, []byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00F")):
		return pointer("这是 Windows 快捷方式，不是数据本身。", "请打开快捷方式，找到它指向的文件后上传。")
	case strings.HasPrefix(base, "~$") && src.Size <= 2048:
		return pointer("这是 Office 打开文件时留下的临时文件，不是数据本身。", "请上传文件名不带 ~$ 的那个文件。")
	case src.Size > pointerBytes:
		return nil
	}
	text := string(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))))
	low := strings.ToLower(text)
	switch {
	case strings.HasPrefix(low, "[internetshortcut]"):
		return pointer("这是网址快捷方式，不是数据本身。", "请打开网址，下载真正的文件后上传。")
	case strings.HasPrefix(low, "[desktop entry]"):
		return pointer("这是桌面快捷方式，不是数据本身。", "请找到它指向的文件后上传。")
	case strings.Contains(low, "<plist") && strings.Contains(low, "<key>url</key>") && len(text) < 2048:
		return pointer("这是网址快捷方式，不是数据本身。", "请打开网址，下载真正的文件后上传。")
	case googlePointer.MatchString(text):
		return pointer("这是网盘在线文档的快捷方式，不是数据本身。", "请在网盘里把文档导出为 XLSX 或 CSV 后上传。")
	case annexPointer.MatchString(text):
		return pointer("这是 git-annex 的指针，不是数据本身。", "请执行 git annex get，再上传真正的文件。")
	case linkText.MatchString(text) && utf8.ValidString(text):
		return pointer("文件里只有一个路径，是指向别的文件的链接，不是数据本身。", "请上传它指向的文件："+clip(text, 200))
	}
	return nil
}

func pointer(message, hint string) *tabular.Refusal {
	return &tabular.Refusal{Kind: "pointer", Message: message, Hint: hint}
}

var (
	googlePointer = regexp.MustCompile(`^\{\s*"(url|doc_id|:)"?[^\n]*https://(docs|drive)\.google\.com/`)
	annexPointer  = regexp.MustCompile(`^(\.\./)*(\.git)?/?annex/objects/\S+$`)
	// a relative path of some depth, with an extension, on one line
	linkText = regexp.MustCompile(`^\.{1,2}/(?:[^\s,;|"'<>?*:/\\]+/)*[^\s,;|"'<>?*:/\\]+\.[A-Za-z0-9]{1,8}$`)
)

// hollow reports whether a file has nothing but zeros, by its beginning, its
// end and places between.
func hollow(src *tabular.Source, head []byte) bool {
	if src.Size < 16 || len(bytes.Trim(head, "\x00")) > 0 {
		return false
	}
	buf := make([]byte, min(src.Size, 64<<10))
	const places = 64
	for i := range int64(places) {
		at := (src.Size - int64(len(buf))) / (places - 1) * i
		if i == places-1 {
			at = src.Size - int64(len(buf))
		}
		n, err := src.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) || len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return false
		}
	}
	return true
}
