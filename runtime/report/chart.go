package report

// Chart is a part of a report as a picture: series over the same places, or rates with their intervals.
type Chart struct {
	Title string
	// Note is a line below the title.
	Note string
	// Places are the labels of the x axis.
	Places []string
	Series []Series
	// Percent says that values are shares.
	Percent bool
}

// Series is a value for each place of a chart.
type Series struct {
	Name   string
	Values []float64
	// Low and High are the ends of intervals around the values; nil where there are none.
	Low, High []float64
	Line      bool // a line; else bars
}
