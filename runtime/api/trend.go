package api

import (
	"context"

	"github.com/muster-engine/muster/compiler/ir"
)

// A trend is worked out by asking as of other times, and not from the crossings: so it is of the rules in force, whenever
// they were written, and late events and corrections are in it. Attributes, lists and manual tags are those of now, as
// with every question as of another time.
const (
	trendDays = 7 // unless it is asked for more or fewer
	// MaxTrend is of how many days a trend can be.
	MaxTrend = 92
)

// point is how many members a segment had.
type point struct {
	AsOf    string `json:"as_of"`
	Members int    `json:"members"`
}

// trend counts a segment at the local midnights with which the last days began, that of the question's day the last.
func (q *asked) trend(ctx context.Context, decl *ir.Segment, days int) ([]point, error) {
	zone := q.prog.Zone
	today := zone.DateOf(q.view.Now())
	var out []point
	for day := today - int64(days) + 1; day <= today; day++ {
		at := zone.Midnight(day)
		n, err := q.engine.AsOf(at).Count(ctx, decl.Expr)
		if err != nil {
			return nil, err
		}
		out = append(out, point{q.vs.time(at), n})
	}
	return out, nil
}
