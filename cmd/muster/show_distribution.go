package main

import (
	"cmp"
	"io"
	"math"
	"slices"
	"sort"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// tally gathers the values of one expression over members.
type tally struct {
	vs      values
	kind    ir.Type
	unknown uint64
	whole   []int64           // of int, money, date, time, enum, bool
	floats  []float64         // of number
	texts   map[string]uint64 // of string, row, and the texts of sets
	known   uint64
}

func newTally(vs values, t ir.Type) *tally {
	return &tally{vs: vs, kind: t, texts: map[string]uint64{}}
}

func (t *tally) add(v ir.Value) {
	if v.Known && v.Kind == ir.Exact {
		minor, ok := v.D.Minor()
		v = ir.Value{Known: ok, Kind: ir.Money, I: minor}
	}
	if !v.Known {
		t.unknown++
		return
	}
	t.known++
	switch v.Kind {
	case ir.Number:
		t.floats = append(t.floats, v.F)
	case ir.String, ir.Row:
		t.texts[v.S]++
	case ir.Set:
		for _, s := range v.Set {
			t.texts[s]++
		}
	default:
		t.whole = append(t.whole, v.I)
	}
}

// step is one line of a distribution: a value, or a range of values.
type step struct {
	label   string
	members uint64
	// value is the value itself, from and to the ends of a range (to is not in it); nil where there is none.
	value, from, to any
}

// distribution is what a tally adds up to.
type distribution struct {
	of, known, unknown uint64
	steps              []step
	// other is how many different texts were left out of steps, and otherMembers how many members have them.
	other        int
	otherMembers uint64
	// figures are minimum, quartiles, maximum of ordered kinds, and the mean where there is one.
	figures []figure
	// bounds are the ends between ranges, nil where the steps are values; label names the step of a period.
	bounds []float64
	label  func(ir.Value) string
}

type figure struct {
	name string
	text string
	json any
}

const (
	mostValues = 24 // different texts that are listed
	mostInts   = 12 // different whole numbers that are listed one by one
	aboutBins  = 10
)

func (t *tally) distribution() distribution {
	d := distribution{of: t.known + t.unknown, known: t.known, unknown: t.unknown}
	switch t.kind.Kind {
	case ir.String, ir.Row, ir.Set:
		t.byText(&d)
	case ir.Enum, ir.Bool:
		t.byValue(&d)
	case ir.Number:
		slices.Sort(t.floats)
		d.figures = figures(t.floats, func(f float64) ir.Value { return ir.NumberValue(f) }, t)
		t.bins(&d, t.floats, false)
	case ir.Int, ir.Money, ir.Exact:
		slices.Sort(t.whole)
		kind := t.kind.Kind
		if kind == ir.Exact {
			kind = ir.Money
		}
		d.figures = figures(t.whole, func(i int64) ir.Value { return ir.IntLike(kind, i) }, t)
		if different(t.whole, mostInts+1) <= mostInts {
			t.byValue(&d)
			break
		}
		floats := make([]float64, len(t.whole))
		for i, w := range t.whole {
			floats[i] = t.ordinate(ir.IntLike(kind, w))
		}
		t.bins(&d, floats, kind == ir.Int)
	case ir.Date, ir.Time:
		slices.Sort(t.whole)
		kind := t.kind.Kind
		d.figures = figures(t.whole, func(i int64) ir.Value { return ir.IntLike(kind, i) }, t)
		t.periods(&d)
	}
	return d
}

// ordinate is the place of a number or an amount (in major units) on the axis of ranges.
func (t *tally) ordinate(v ir.Value) float64 {
	x, _ := t.vs.float(v)
	return x
}

// byText lists texts, the most frequent first.
func (t *tally) byText(d *distribution) {
	texts := make([]string, 0, len(t.texts))
	for text := range t.texts {
		texts = append(texts, text)
	}
	sort.Slice(texts, func(i, j int) bool {
		if a, b := t.texts[texts[i]], t.texts[texts[j]]; a != b {
			return a > b
		}
		return texts[i] < texts[j]
	})
	for i, text := range texts {
		if i >= mostValues {
			d.other++
			d.otherMembers += t.texts[text]
			continue
		}
		d.steps = append(d.steps, step{label: text, members: t.texts[text], value: text})
	}
}

// byValue lists every value in its order; of an enum also those that nobody has.
func (t *tally) byValue(d *distribution) {
	counts := map[int64]uint64{}
	for _, w := range t.whole {
		counts[w]++
	}
	var order []int64
	switch {
	case t.kind.Kind == ir.Enum && t.kind.Enum != nil:
		for i := range t.kind.Enum.Values {
			order = append(order, int64(i))
		}
	case t.kind.Kind == ir.Bool:
		order = []int64{1, 0}
	default:
		for w := range counts {
			order = append(order, w)
		}
		slices.Sort(order)
	}
	kind := t.kind.Kind
	if kind == ir.Exact {
		kind = ir.Money
	}
	for _, w := range order {
		v := ir.IntLike(kind, w)
		d.steps = append(d.steps, step{label: t.vs.text(v, t.kind), members: counts[w], value: t.vs.json(v, t.kind)})
	}
}

// bins cuts sorted numbers into ranges of one round width. The first and the last range are open, so that a few
// outliers do not press everybody into one bar.
func (t *tally) bins(d *distribution, sorted []float64, whole bool) {
	if len(sorted) == 0 {
		return
	}
	low, high := sorted[len(sorted)/40], sorted[len(sorted)-1-len(sorted)/40]
	if low == high {
		low, high = sorted[0], sorted[len(sorted)-1]
	}
	if low == high {
		v := number(low)
		d.steps = append(d.steps, step{label: v, members: uint64(len(sorted)), value: low})
		return
	}
	width := roundStep((high - low) / aboutBins)
	if whole {
		width = max(1, width)
	}
	first := math.Floor(low/width) + 1 // the bounds are first*width, (first+1)*width, …
	var bounds []float64
	for i := first; i*width <= high && len(bounds) < 4*aboutBins; i++ {
		bounds = append(bounds, i*width)
	}
	from := 0
	for i, bound := range bounds {
		to, _ := slices.BinarySearch(sorted, bound)
		s := step{label: "<" + number(bound), members: uint64(to - from), to: bound}
		if i > 0 {
			s.label = number(bounds[i-1]) + "-" + number(bound)
			s.from = bounds[i-1]
		}
		d.steps = append(d.steps, s)
		from = to
	}
	d.bounds = bounds
	if len(bounds) > 0 {
		last := bounds[len(bounds)-1]
		d.steps = append(d.steps, step{label: ">=" + number(last), members: uint64(len(sorted) - from), from: last})
	}
}

// periods counts dates by month, quarter or year, whichever gives a dozen lines or so.
func (t *tally) periods(d *distribution) {
	if len(t.whole) == 0 {
		return
	}
	day := func(w int64) int64 {
		if t.kind.Kind == ir.Time {
			return t.vs.zone.DateOf(w)
		}
		return w
	}
	first, last := day(t.whole[0]), day(t.whole[len(t.whole)-1])
	months := 1
	for _, n := range []int{1, 3, 12, 60, 120} {
		months = n
		if (last-first)/30 <= int64(n)*18 {
			break
		}
	}
	counts := map[int64]uint64{}
	for _, w := range t.whole {
		counts[periodStart(day(w), months)]++
	}
	starts := make([]int64, 0, len(counts))
	for s := range counts {
		starts = append(starts, s)
	}
	slices.Sort(starts)
	label := func(start int64) string {
		if months >= 12 {
			return date(start)[:4]
		}
		return date(start)[:7]
	}
	d.label = func(v ir.Value) string { return label(periodStart(day(v.I), months)) }
	for _, s := range starts {
		d.steps = append(d.steps, step{label: label(s), members: counts[s], from: date(s), to: date(calendar.AddMonths(s, months))})
	}
}

func periodStart(day int64, months int) int64 {
	y, m, _ := calendar.Civil(day)
	n := y*12 + m - 1
	n -= ((n % months) + months) % months
	return calendar.FromCivil(n/12, n%12+1, 1)
}

// roundStep is the least of 1, 2, 2.5, 5 times a power of ten that is not below x.
func roundStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, f := range []float64{1, 2, 2.5, 5} {
		if f*power >= x*(1-1e-9) {
			return f * power
		}
	}
	return 10 * power
}

// different counts different values of a sorted slice, up to a limit.
func different(sorted []int64, limit int) int {
	n := 0
	for i, w := range sorted {
		if i == 0 || w != sorted[i-1] {
			if n++; n >= limit {
				break
			}
		}
	}
	return n
}

// figures are minimum, quartiles and maximum, and the mean of what can be added.
func figures[T cmp.Ordered](sorted []T, value func(T) ir.Value, t *tally) []figure {
	if len(sorted) == 0 {
		return nil
	}
	var out []figure
	at := func(name string, i int) {
		v := value(sorted[i])
		out = append(out, figure{name, t.vs.text(v, t.kind), t.vs.json(v, t.kind)})
	}
	n := len(sorted)
	at("min", 0)
	at("p25", (n-1)/4)
	at("median", (n-1)/2)
	at("p75", (n-1)*3/4)
	at("max", n-1)
	if mean, ok := t.mean(); ok {
		out = append(out, figure{"mean", number(mean), mean})
	}
	return out
}

func (t *tally) mean() (float64, bool) {
	sum, n, scale := 0.0, 0, 1.0
	switch t.kind.Kind {
	case ir.Number:
		for _, f := range t.floats {
			sum += f
		}
		n = len(t.floats)
	case ir.Int, ir.Money, ir.Exact:
		for _, w := range t.whole {
			sum += float64(w)
		}
		n = len(t.whole)
		if t.kind.Kind != ir.Int {
			scale = math.Pow10(t.vs.digits)
		}
	}
	if n == 0 || math.IsInf(sum, 0) {
		return 0, false
	}
	return sum / float64(n) / scale, true
}

// write prints the steps with bars, and the figures below.
func (d distribution) write(w io.Writer, indent string, s style) error {
	t := table{columns: []col{{}, {right: true}, {right: true}, {paint: s.blue}}}
	var most uint64
	for _, st := range d.steps {
		most = max(most, st.members)
	}
	line := func(label string, n uint64) { t.add(label, count(n), share(n, d.of), bar(n, most, 24)) }
	for _, st := range d.steps {
		line(st.label, st.members)
	}
	if d.other > 0 {
		line(many(d.other, "other"), d.otherMembers)
	}
	if d.unknown > 0 {
		line(unknownText, d.unknown)
	}
	if err := t.write(w, indent, s); err != nil {
		return err
	}
	if len(d.figures) == 0 {
		return nil
	}
	text := indent
	for i, f := range d.figures {
		if i > 0 {
			text += "  "
		}
		text += s.faint(f.name) + " " + f.text
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// json is the distribution for programs.
func (d distribution) json(into map[string]any) {
	type jsonStep struct {
		Value   any    `json:"value,omitempty"`
		From    any    `json:"from,omitempty"`
		To      any    `json:"to,omitempty"`
		Members uint64 `json:"members"`
	}
	steps := []jsonStep{}
	for _, s := range d.steps {
		steps = append(steps, jsonStep{s.value, s.from, s.to, s.members})
	}
	into["of"], into["known"], into["unknown"], into["distribution"] = d.of, d.known, d.unknown, steps
	if d.other > 0 {
		into["other_values"], into["other_members"] = d.other, d.otherMembers
	}
	for _, f := range d.figures {
		into[f.name] = f.json
	}
}
