package report

import "context"

// Kind is what a report is about.
type Kind string

const (
	OnCampaigns Kind = "campaigns"
	OnPoints    Kind = "points"
	OnTiers     Kind = "tiers"
	OnCoupons   Kind = "coupons"
	OnCases     Kind = "cases"
)

// Kinds are all there are.
func Kinds() []Kind { return []Kind{OnCampaigns, OnPoints, OnTiers, OnCoupons, OnCases} }

// Make makes the report of a kind on one declaration, or on all if name is "". A name that the rules do not declare is an
// [UnknownError].
func (r *Reader) Make(ctx context.Context, kind Kind, name string) (Report, error) {
	switch kind {
	case OnCampaigns:
		return r.Campaigns(ctx, name)
	case OnPoints:
		return r.Points(ctx, name)
	case OnTiers:
		return r.Tiers(ctx, name)
	case OnCoupons:
		return r.Coupons(ctx, name)
	case OnCases:
		return r.Cases(ctx, name)
	}
	return nil, &UnknownError{"there is no report on " + string(kind)}
}
