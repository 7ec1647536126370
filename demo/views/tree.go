package views

import (
	"os"
	"strings"
)

// openNDJSON: one object a line; columns with a group lie in an object of its name.
func openNDJSON(f *os.File, d *delivery) (sheet, error) {
	return &jsonSheet{textFile: newText(f, nil), d: d, after: "\n"}, nil
}

// openJSON: an envelope with the list inside.
func openJSON(f *os.File, d *delivery) (sheet, error) {
	s := &jsonSheet{textFile: newText(f, nil), d: d, before: "\n  ", between: ",", last: "\n]}\n"}
	b := append([]byte(nil), `{"`+Synthetic+`": true, "来源": `...)
	b = quoteJSON(b, d.sender)
	b = append(b, `, "说明": `...)
	b = quoteJSON(b, d.title+"（"+Synthetic+"）")
	b = append(b, `, `...)
	b = quoteJSON(b, d.table)
	s.put(string(b), ": [")
	return s, nil
}

type jsonSheet struct {
	*textFile
	d                            *delivery
	before, between, after, last string
	n                            int
	buf                          []byte
}

func (s *jsonSheet) row(values []string) error {
	b := s.buf[:0]
	if s.n > 0 {
		b = append(b, s.between...)
	}
	s.n++
	b = append(append(b, s.before...), '{')
	group := ""
	for i, c := range s.d.columns {
		if c.group != group {
			if group != "" {
				b = append(b, '}')
			}
			if i > 0 {
				b = append(b, ", "...)
			}
			if group = c.group; group != "" {
				b = append(quoteJSON(b, group), ": {"...)
			}
		} else if i > 0 {
			b = append(b, ", "...)
		}
		b = append(quoteJSON(b, c.name), ": "...)
		switch v := values[i]; {
		case v == "":
			b = append(b, "null"...)
		case (c.kind == money || c.kind == number) && isNumber(v):
			b = append(b, v...)
		default:
			b = quoteJSON(b, v)
		}
	}
	if group != "" {
		b = append(b, '}')
	}
	if s.last == "" {
		b = append(b, `, "数据性质": "`+Synthetic+`"`...)
	}
	b = append(append(b, '}'), s.after...)
	s.put(string(b))
	s.buf = b
	return s.err
}

func (s *jsonSheet) close() error {
	s.put(s.last)
	return s.textFile.close()
}

// openXML: declared and written in GB18030, elements named by the columns.
func openXML(f *os.File, d *delivery) (sheet, error) {
	s := &xmlSheet{newText(f, encodeGBK), d}
	s.put("<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<!-- ", Synthetic, " -->\n<", d.table, "列表 来源=\"", escape(d.sender), "\" 数据性质=\"", Synthetic, "\">\n")
	return s, nil
}

type xmlSheet struct {
	*textFile
	d *delivery
}

func (s *xmlSheet) row(values []string) error {
	s.put("  <", s.d.table, ">")
	for i, c := range s.d.columns {
		if values[i] == "" {
			s.put("<", c.name, "/>")
			continue
		}
		s.put("<", c.name, ">", escape(values[i]), "</", c.name, ">")
	}
	s.put("</", s.d.table, ">\n")
	return s.err
}

func (s *xmlSheet) close() error {
	s.put("</", s.d.table, "列表>\n")
	return s.textFile.close()
}

// openSQL: a MySQL dump, 200 rows an INSERT.
func openSQL(f *os.File, d *delivery) (sheet, error) {
	s := &sqlSheet{textFile: newText(f, nil), d: d}
	s.put("-- MySQL dump 10.13  Distrib 5.7.44\n-- ", Synthetic, "\n/*!40101 SET NAMES utf8mb4 */;\nDROP TABLE IF EXISTS `", d.table, "`;\nCREATE TABLE `", d.table, "` (\n")
	for _, c := range d.columns {
		kind := "varchar(200)"
		switch c.kind {
		case money:
			kind = "decimal(14,2)"
		case number:
			kind = "int(11)"
		default:
		}
		s.put("  `", c.name, "` ", kind, " DEFAULT NULL COMMENT '", c.group, "',\n")
	}
	s.put("  PRIMARY KEY (`", d.columns[0].name, "`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='", d.title, "（", Synthetic, "）';\n\n")
	return s, nil
}

type sqlSheet struct {
	*textFile
	d *delivery
	n int
}

func (s *sqlSheet) row(values []string) error {
	switch {
	case s.n%200 > 0:
		s.put(",")
	case s.n > 0:
		s.put(";\nINSERT INTO `", s.d.table, "` VALUES ")
	default:
		s.put("INSERT INTO `", s.d.table, "` VALUES ")
	}
	s.n++
	for i, v := range values {
		s.put([]string{",", "("}[b2i(i == 0)])
		switch c := s.d.columns[i]; {
		case v == "":
			s.put("NULL")
		case (c.kind == money || c.kind == number) && isNumber(v):
			s.put(v)
		default:
			if strings.ContainsAny(v, `'\`) {
				v = strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v)
			}
			s.put("'", v, "'")
		}
	}
	s.put(")")
	return s.err
}

func (s *sqlSheet) close() error {
	if s.n > 0 {
		s.put(";\n")
	}
	return s.textFile.close()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// openHTML: a page that calls itself .xls, as web systems export it.
func openHTML(f *os.File, d *delivery) (sheet, error) {
	s := &htmlSheet{newText(f, encodeGBK)}
	s.put(`<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta http-equiv="Content-Type" content="text/html; charset=gb18030"><!-- `, Synthetic,
		` --></head><body><table border="1"><tr><td colspan="`, itoa(len(d.columns)), `" align="center"><b>`, escape(d.title), "（", Synthetic, "）</b></td></tr>\n<tr>")
	for _, c := range d.columns {
		s.put("<th>", escape(c.name), "</th>")
	}
	s.put("</tr>\n")
	return s, nil
}

type htmlSheet struct{ *textFile }

func (s *htmlSheet) row(values []string) error {
	s.put("<tr>")
	for _, v := range values {
		s.put(`<td style="mso-number-format:'\@'">`, escape(v), "</td>")
	}
	s.put("</tr>\n")
	return s.err
}

func (s *htmlSheet) close() error {
	s.put("</table></body></html>\n")
	return s.textFile.close()
}
