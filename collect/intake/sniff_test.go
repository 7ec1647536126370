package intake

import "testing"

func TestTextKind(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"REM INSERTING into HR.PERSON\nSET DEFINE OFF;\nInsert into HR.PERSON (ID) values (1);\n", "sql"},
		{"prompt Importing table T...\nset feedback off\ninsert into T (ID)\nvalues ('01');\n", "sql"},
		{"prompt,response\nHow are you?,Fine\n", ""},
		{"REM sleep hours,night\n7,1\n", ""},
		{"<MSG>\n<HEAD><CODE>1</CODE></HEAD>\n<BODY>\n<ROW><ID>1</ID></ROW>\n</BODY>\n</MSG>\n", "xml"},
		{"<?xml version=\"1.0\"?>\n<root><table><row/></table></root>\n", "xml"},
		{"<?xml version=\"1.0\"?>\n<!-- page -->\n<html xmlns=\"x\"><body><table></table></body></html>", "html"},
		{"<!DOCTYPE html>\n<html><body></body></html>", "html"},
		{"<div><table><tr><td>1</td></tr></table></div>", "html"},
		{"<meta charset=utf-8><style>td{}</style><div><tr><td>1</td></tr></div>", "html"},
	} {
		if got := textKind(c.text, c.text); got != c.want {
			t.Errorf("%.40q is %q, want %q", c.text, got, c.want)
		}
	}
}
