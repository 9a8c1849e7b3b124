package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Sizes of a chart, in pixels of SVG.
const (
	chartWidth  = 960
	chartHeight = 380
	plotLeft    = 86
	plotRight   = 24
	plotTop     = 92
	plotBottom  = 52
	fontSize    = 13
)

// fonts are those of the systems on which charts are looked at; each has Chinese.
const fonts = `"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","WenQuanYi Micro Hei",sans-serif`

// palette is Okabe and Ito's, whose colours people with any kind of sight tell apart.
var palette = []string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999"}

// WriteSVG draws charts below each other as one SVG document. It needs nothing from outside.
func WriteSVG(w io.Writer, charts []Chart) error {
	d := &drawing{}
	height := max(1, len(charts)) * chartHeight
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family='%s' font-size="%d">`,
		chartWidth, height, chartWidth, height, fonts, fontSize)
	d.add(`<rect width="%d" height="%d" fill="#ffffff"/>`, chartWidth, height)
	for i, c := range charts {
		d.add(`<g transform="translate(0 %d)">`, i*chartHeight)
		d.chart(c)
		d.add(`</g>`)
	}
	d.add(`</svg>`)
	_, err := io.WriteString(w, d.b.String())
	return err
}

type drawing struct{ b strings.Builder }

func (d *drawing) add(format string, args ...any) {
	fmt.Fprintf(&d.b, format+"\n", args...)
}

// px is a coordinate with one decimal at most.
func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}

func (d *drawing) text(x, y float64, anchor, style, text string) {
	d.add(`<text x="%s" y="%s" text-anchor="%s" %s>%s</text>`, px(x), px(y), anchor, style, escape(text))
}

const (
	heading = `font-size="17" font-weight="bold" fill="#1a1a1a"`
	plain   = `fill="#333333"`
	faint   = `fill="#555555"`
)

// plot maps places and values into the frame of a chart.
type plot struct {
	Chart
	top  float64 // the value at the upper end
	step float64 // between lines
}

func (p plot) width() float64  { return chartWidth - plotLeft - plotRight }
func (p plot) height() float64 { return chartHeight - plotTop - plotBottom }

// slot is the width of a place.
func (p plot) slot() float64 { return p.width() / float64(max(1, len(p.Places))) }

func (p plot) x(place int) float64 { return plotLeft + (float64(place)+0.5)*p.slot() }

func (p plot) y(v float64) float64 {
	return plotTop + p.height()*(1-min(1, max(0, v/p.top)))
}

func (d *drawing) chart(c Chart) {
	d.add(`<title>%s</title>`, escape(c.Title))
	d.text(20, 30, "start", heading, c.Title)
	d.text(20, 50, "start", faint, c.Note)
	d.legend(c.Series)
	p := plot{Chart: c}
	p.top, p.step = scale(c)
	d.grid(p)
	if len(c.Places) == 0 {
		d.text(plotLeft+p.width()/2, plotTop+p.height()/2, "middle", faint, "nothing happened")
		return
	}
	var bars int
	for _, s := range c.Series {
		if !s.Line {
			bars++
		}
	}
	place := 0
	for i, s := range c.Series {
		color := palette[i%len(palette)]
		if s.Line {
			d.line(p, s, color)
			continue
		}
		d.bars(p, s, color, place, bars)
		place++
	}
}

// legend names the series, each with a swatch, in one row.
func (d *drawing) legend(series []Series) {
	x := 20.0
	for i, s := range series {
		color := palette[i%len(palette)]
		if s.Line {
			d.add(`<line x1="%s" y1="68" x2="%s" y2="68" stroke="%s" stroke-width="3"/>`, px(x), px(x+14), color)
		} else {
			d.add(`<rect x="%s" y="62" width="14" height="12" fill="%s"/>`, px(x), color)
		}
		d.text(x+20, 73, "start", plain, s.Name)
		x += 44 + textWidth(s.Name)
	}
}

// textWidth is about how wide a text is: Chinese signs are as wide as they are high, others about half.
func textWidth(text string) (w float64) {
	for _, r := range text {
		if r >= 0x2e80 {
			w += fontSize
		} else {
			w += fontSize * 0.55
		}
	}
	return w
}

// grid draws the lines of the values and the labels of the places, as many as there is room for.
func (d *drawing) grid(p plot) {
	for v := 0.0; v <= p.top*1.0001; v += p.step {
		y := p.y(v)
		d.add(`<line x1="%d" y1="%s" x2="%d" y2="%s" stroke="#dddddd"/>`, plotLeft, px(y), chartWidth-plotRight, px(y))
		d.text(plotLeft-8, y+4, "end", faint, p.label(v))
	}
	widest := 0.0
	for _, place := range p.Places {
		widest = max(widest, textWidth(place))
	}
	every := max(1, int(math.Ceil((widest+12)/p.slot())))
	for i, place := range p.Places {
		if i%every == 0 {
			d.text(p.x(i), chartHeight-plotBottom+20, "middle", faint, place)
		}
	}
}

func (p plot) label(v float64) string {
	if p.Percent {
		return strconv.FormatFloat(math.Round(v*1e6)/1e4, 'f', -1, 64) + "%"
	}
	if p.step < 1 {
		return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
	}
	return count(int64(math.Round(v)))
}

// bars draws series place of bars that stand side by side, with their intervals.
func (d *drawing) bars(p plot, s Series, color string, place, bars int) {
	width := min(56, p.slot()*0.8/float64(bars))
	for i, v := range s.Values {
		if i >= len(p.Places) {
			break
		}
		x := p.x(i) + (float64(place)-float64(bars)/2)*width
		y := p.y(v)
		if height := p.y(0) - y; height > 0 {
			d.add(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s"><title>%s %s: %s</title></rect>`,
				px(x), px(y), px(max(0.5, width-1)), px(height), color, escape(p.Places[i]), escape(s.Name), p.value(v))
		}
		if s.Low != nil {
			middle, low, high := x+width/2, p.y(s.Low[i]), p.y(s.High[i])
			d.add(`<path d="M%s %sV%sM%s %sh14M%s %sh14" stroke="#1a1a1a" stroke-width="1.5" fill="none"/>`,
				px(middle), px(low), px(high), px(middle-7), px(low), px(middle-7), px(high))
			d.text(middle+width/2+8, y+4, "start", plain, p.value(v))
		}
	}
}

func (p plot) value(v float64) string {
	if p.Percent {
		return percent(v)
	}
	return count(int64(math.Round(v)))
}

// line draws a series as a line; over a single place, across the whole of it.
func (d *drawing) line(p plot, s Series, color string) {
	var b strings.Builder
	n := min(len(s.Values), len(p.Places))
	for i := range n {
		if i == 0 {
			fmt.Fprintf(&b, "M%s %s", px(p.x(0)), px(p.y(s.Values[0])))
			if n == 1 || flat(s.Values[:n]) {
				b.Reset()
				fmt.Fprintf(&b, "M%d %sH%d", plotLeft, px(p.y(s.Values[0])), chartWidth-plotRight)
				break
			}
			continue
		}
		fmt.Fprintf(&b, "L%s %s", px(p.x(i)), px(p.y(s.Values[i])))
	}
	d.add(`<path d="%s" stroke="%s" stroke-width="2.5" fill="none"/>`, b.String(), color)
}

func flat(values []float64) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
}

// scale is the upper end of a chart's values and the step between its lines: 1, 2 or 5 of a power of ten.
func scale(c Chart) (top, step float64) {
	for _, s := range c.Series {
		for _, values := range [][]float64{s.Values, s.High} {
			for i, v := range values {
				if i < len(c.Places) {
					top = max(top, v)
				}
			}
		}
	}
	if top <= 0 {
		top = 1
		if c.Percent {
			top = 0.1
		}
	}
	power := math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if step = m * power; top/step <= 6 {
			break
		}
	}
	if !c.Percent {
		step = max(1, step)
	}
	return math.Ceil(top/step-1e-9) * step, step
}
