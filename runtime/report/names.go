package report

const (
	factHoldout   = "holdout"
	factGiven     = "given"
	factConverted = "converted"
	factRevenue   = "revenue"
	factEventAt   = "event_at"
	factWhy       = "why"
)
