package rules_test

import (
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

func TestOtherMinorUnits(t *testing.T) {
	in := func(currency string) *ir.Program {
		set := rules.FromSources([]rules.Source{{Name: "r.muster", Text: `settings { language 1  timezone "Asia/Tokyo" ` + currency + ` } member { phone id }`}})
		if set.Program == nil {
			t.Fatal(set.Diags)
		}
		return set.Program
	}
	money := storage.Schema{Events: []storage.EventSchema{{Name: "order", Key: -1, Fields: []storage.FieldSchema{
		{Name: "shop", Kind: column.Texts, Logical: "string"}, {Name: "amount", Kind: column.Ints, Logical: "money"},
	}}}}
	for _, c := range []struct {
		before, after string
		schema        storage.Schema
		want          string
	}{
		{"currency CNY", "currency JPY", money, "the currency is JPY with 0 decimals in these rules, and the store holds amounts of CNY with 2"},
		{"currency JPY", "currency KWD", money, "the currency is KWD with 3 decimals in these rules, and the store holds amounts of JPY with 0"},
		{"currency CNY", "currency USD", money, ""},
		{"currency CNY", "", money, ""},
		{"currency CNY", "currency JPY", storage.Schema{}, ""},
	} {
		got := ""
		if found := rules.OtherMinorUnits(in(c.before), in(c.after), c.schema); found.HasErrors() {
			got = found[0].Message
		}
		if got != c.want {
			t.Errorf("%q to %q: got %q, want %q", c.before, c.after, got, c.want)
		}
	}
}
