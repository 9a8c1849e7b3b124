package rules

import (
	"fmt"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// notRun refuses declarations that the compiler understands and the engine of this version does not run: a rule set of
// which a part would silently not happen does not take effect.
func notRun(trees []*dsl.RuleFile) (found diag.List) {
	for _, t := range trees {
		for _, d := range t.Decls {
			switch d.(type) {
			case *dsl.Points, *dsl.Tiers, *dsl.Coupon, *dsl.Case, *dsl.Sink, *dsl.Sync, *dsl.Campaign:
				at, name := d.Span(), d.Head().Text
				at.End = at.Start + len(d.Kind())
				found.Add(diag.Diagnostic{
					Code: "M0990", Span: at, Reading: d.Kind() + " " + name,
					Message: fmt.Sprintf("this version does not run `%s` declarations", d.Kind()),
					Hint:    "take it out, or keep it in a file of its own outside this rule set",
				})
			}
		}
	}
	return found
}
