package standard

import (
	"fmt"
	"strings"

	"shuniu/fault"
	"shuniu/standard/code"
	"shuniu/standard/identifier"
	"shuniu/standard/rule"
)

// kinds in the order in which they are shown.
var kinds = []struct {
	name string
	rule func() *rule.Rule
}{
	{"citizen_id", identifier.CitizenID},
	{"uscc", identifier.USCC},
	{"org_code", identifier.OrgCode},
	{"bank_card", identifier.BankCard},
	{"phone", identifier.Phone},
	{"plate", identifier.Plate},
	{"postal_code", identifier.PostalCode},
	{"area_code", code.AreaCode},
	{"industry_code", code.IndustryCode},
	{"ethnic_group", func() *rule.Rule { return code.EthnicGroup().Rule() }},
	{"sex", func() *rule.Rule { return code.Sex().Rule() }},
	{"marital_status", func() *rule.Rule { return code.MaritalStatus().Rule() }},
	{"country", func() *rule.Rule { return code.Country().Rule() }},
	{"currency", func() *rule.Rule { return code.Currency().Rule() }},
	{"date", identifier.Date},
}

// Kinds returns the names of the rules.
func Kinds() []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = k.name
	}
	return out
}

// Find returns the rule of a kind; fault.NotFound when there is none.
func Find(kind string) (*rule.Rule, error) {
	for _, k := range kinds {
		if k.name == kind {
			return k.rule(), nil
		}
	}
	return nil, fmt.Errorf("standard kind %q, want one of %s: %w", kind, strings.Join(Kinds(), ", "), fault.NotFound)
}
