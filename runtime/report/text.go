package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
)

// Table is a part of a report for people. Cells are ready texts.
type Table struct {
	Title   string
	Columns []Column
	Rows    [][]string
	// Note is a sentence below it, or "".
	Note string
}

// Column is one of a table; numbers stand on the right.
type Column struct {
	Head  string
	Right bool
}

// Report is any of the reports.
type Report interface {
	Tables() []Table
	Charts() []Chart
}

func left(heads ...string) (out []Column) {
	for _, h := range heads {
		out = append(out, Column{Head: h})
	}
	return out
}

func right(heads ...string) (out []Column) {
	for _, h := range heads {
		out = append(out, Column{Head: h, Right: true})
	}
	return out
}

// count is a whole number with its digits in groups of three.
func count(n int64) string {
	digits, sign := strconv.FormatUint(magnitude(n), 10), ""
	if n < 0 {
		sign = "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// counted is a number with what it counts.
func counted(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + more
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// percent is a share in per cent, with one decimal; two where it is small.
func percent(x float64) string {
	switch {
	case math.IsNaN(x):
		return "-"
	case math.IsInf(x, 0):
		return "∞"
	case x != 0 && math.Abs(x) < 0.01:
		return strconv.FormatFloat(x*100, 'f', 2, 64) + "%"
	}
	return strconv.FormatFloat(x*100, 'f', 1, 64) + "%"
}

// signed is percent with its sign.
func signed(x float64) string {
	if x > 0 {
		return "+" + percent(x)
	}
	return percent(x)
}

// named is a name with its title behind it.
func named(name, title string) string {
	if title == "" {
		return name
	}
	return name + " " + title
}

func timeText(z *calendar.Zone, t int64) string {
	return time.UnixMicro(t).In(z.Location()).Format("2006-01-02T15:04:05.999999Z07:00")
}

func periodText(f Frame) string {
	as := "as of " + strings.Replace(f.AsOf[:16], "T", " ", 1)
	switch {
	case f.From != nil && f.To != nil:
		return *f.From + " to " + *f.To + ", " + as
	case f.From != nil:
		return "from " + *f.From + ", " + as
	case f.To != nil:
		return "until " + *f.To + ", " + as
	}
	return as
}
