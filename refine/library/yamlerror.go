package library

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
)

// lineOf is the line a YAML error points at, 1 when it points nowhere.
func lineOf(err error) int {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return at.GetToken().Position.Line
	}
	return 1
}

// firstLine is the error without the excerpt that the parser adds.
func firstLine(err error) string {
	if err == nil {
		return "more than one document"
	}
	var at yaml.Error
	if errors.As(err, &at) {
		return at.GetMessage()
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}
