package rules

import (
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage"
)

// OtherMinorUnits finds that amounts which a store took under the rules before would be other amounts under p, because
// the decimals of its currency are not those of the old one (M0901). Amounts are kept in minor units.
func OtherMinorUnits(before, p *ir.Program, schema storage.Schema) diag.List {
	if before.Currency == "" || p.Currency == "" || before.Digits == p.Digits || !holdsMoney(schema) {
		return nil
	}
	return diag.List{{
		Code: "M0901", Severity: diag.Error,
		Message: fmt.Sprintf("the currency is %s with %d decimals in these rules, and the store holds amounts of %s with %d",
			p.Currency, p.Digits, before.Currency, before.Digits),
		Hint: "keep the currency, or import the files into a new store",
	}}
}

func holdsMoney(schema storage.Schema) bool {
	fields := slices.Clone(schema.Attributes)
	for _, e := range schema.Events {
		fields = append(fields, e.Fields...)
	}
	for _, t := range schema.Tables {
		fields = append(fields, t.Columns...)
	}
	return slices.ContainsFunc(fields, func(f storage.FieldSchema) bool { return ofMinorUnits(f.Logical) })
}
