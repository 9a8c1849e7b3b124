package ingest

import (
	"strings"
	"time"
	"unsafe"

	"github.com/muster-engine/muster/compiler/calendar"
)

// clock reads the dates and times of one mapping. It keeps what it learned about local days, so each goroutine needs
// its own.
type clock struct {
	zone   *calendar.Zone
	format string       // "", a Go layout, "unix" or "unix_ms"
	fixed  *fixedLayout // how to read the layout by hand; nil if only package time can
	zoned  bool         // the layout holds a zone
	days   [8192]localDay
}

// localDay is a local date whose clock runs without a change: its times are seconds from start.
type localDay struct {
	start int64
	day   int32
	state uint8 // 0 empty, 1 even, 2 has a clock change
}

// fixedLayout is a layout of full numbers, such as 2006-01-02 15:04:05: every part has its place and its length.
type fixedLayout struct {
	text   string // of the layout; literal bytes are compared with it
	place  [units]int
	others []int // places of literal bytes
}

// Units of a layout.
const (
	year = iota
	month
	day
	hour
	minute
	second
	units
)

// Formats that are no layouts.
const (
	formatUnix      = "unix"
	formatUnixMilli = "unix_ms"
)

const micro = 1_000_000

func newClock(zone *calendar.Zone, format string) *clock {
	c := &clock{zone: zone, format: format}
	if format != "" && format != formatUnix && format != formatUnixMilli {
		c.fixed = newFixedLayout(format)
		c.zoned = strings.Contains(format, "MST") || strings.Contains(format, "Z07") || strings.Contains(format, "-07")
	}
	return c
}

// newFixedLayout takes a layout apart; it returns nil for one with any other kind of part, or without a whole date.
func newFixedLayout(layout string) *fixedLayout {
	l := &fixedLayout{text: layout, place: [units]int{-1, -1, -1, -1, -1, -1}}
	for i := 0; i < len(layout); {
		part := -1
		for u, text := range [units]string{"2006", "01", "02", "15", "04", "05"} {
			if strings.HasPrefix(layout[i:], text) {
				part = u
			}
		}
		b := layout[i]
		switch {
		case part >= 0 && l.place[part] >= 0, part < 0 && (b-'0' <= 9 || b|0x20-'a' < 26 || b == '_'):
			return nil
		case part == year:
			l.place[part] = i
			i += 4
		case part >= 0:
			l.place[part] = i
			i += 2
		default:
			l.others = append(l.others, i)
			i++
		}
	}
	if l.place[year] < 0 || l.place[month] < 0 || l.place[day] < 0 {
		return nil
	}
	return l
}

// civil is a date and a time of day without a zone.
type civil struct {
	day                  int64
	hour, minute, second int
	micros               int64
}

// time reads an instant, in microseconds.
func (c *clock) time(text []byte, json bool) (int64, bool) {
	switch c.format {
	case "":
		return c.plainTime(text)
	case formatUnix, formatUnixMilli:
		return c.unix(text, json)
	}
	if local, ok := c.fixed.read(text); ok {
		return c.instant(local), true
	}
	t, ok := c.parse(text)
	if !ok {
		return 0, false
	}
	if c.zoned {
		return t.UnixMicro(), true
	}
	return c.instant(civilOf(t)), true
}

// date reads a date, in days since 1970. Of an instant it is the local date.
func (c *clock) date(text []byte, json bool) (int64, bool) {
	switch c.format {
	case "":
		if len(text) != 10 {
			return 0, false
		}
		return plainDate(text)
	case formatUnix, formatUnixMilli:
		t, ok := c.unix(text, json)
		return c.zone.DateOf(t), ok
	}
	if local, ok := c.fixed.read(text); ok {
		return local.day, true
	}
	t, ok := c.parse(text)
	if !ok {
		return 0, false
	}
	if c.zoned {
		return c.zone.DateOf(t.UnixMicro()), true
	}
	return civilOf(t).day, true
}

// parse lets package time read a layout. A zone's short name that means nothing in the rule set's timezone is refused:
// package time would take it for UTC.
func (c *clock) parse(text []byte) (time.Time, bool) {
	if !c.zoned {
		t, err := time.Parse(c.format, string(text))
		return t, err == nil
	}
	t, err := time.ParseInLocation(c.format, string(text), c.zone.Location())
	if err != nil {
		return t, false
	}
	if name, offset := t.Zone(); offset == 0 && strings.Contains(c.format, "MST") && name != "UTC" && name != "GMT" && t.Location() != c.zone.Location() {
		return t, false
	}
	return t, true
}

func civilOf(t time.Time) civil {
	y, m, d := t.Date()
	hh, mm, ss := t.Clock()
	return civil{calendar.FromCivil(y, int(m), d), hh, mm, ss, int64(t.Nanosecond() / 1000)}
}

// unix reads seconds or milliseconds since 1970, with or without decimals.
func (c *clock) unix(text []byte, json bool) (int64, bool) {
	digits := 6
	if c.format == formatUnixMilli {
		digits = 3
	}
	v, fault := decimal(text, digits, json, notNumber, tooManyDigits)
	if fault == tooManyDigits {
		// Nanoseconds: cut off what is beyond microseconds.
		if i := strings.IndexByte(unsafe.String(unsafe.SliceData(text), len(text)), '.'); i >= 0 && i+1+digits < len(text) {
			for _, b := range text[i+1+digits:] {
				if b-'0' > 9 {
					return 0, false
				}
			}
			v, fault = decimal(text[:i+1+digits], digits, false, notNumber, tooManyDigits)
			if text[0] == '-' {
				v--
			}
		}
	}
	return v, fault == ""
}

// read reads text by the layout; ok is false if it does not fit to the letter.
func (l *fixedLayout) read(text []byte) (c civil, ok bool) {
	if l == nil || len(text) != len(l.text) {
		return c, false
	}
	for _, i := range l.others {
		if text[i] != l.text[i] {
			return c, false
		}
	}
	y := two(text[l.place[year]:])*100 + two(text[l.place[year]+2:])
	m, d := two(text[l.place[month]:]), two(text[l.place[day]:])
	if p := l.place[hour]; p >= 0 {
		c.hour = two(text[p:])
	}
	if p := l.place[minute]; p >= 0 {
		c.minute = two(text[p:])
	}
	if p := l.place[second]; p >= 0 {
		c.second = two(text[p:])
	}
	if y > 9999 || !validDate(y, m, d) || c.hour > 23 || c.minute > 59 || c.second > 59 {
		return c, false
	}
	c.day = calendar.FromCivil(y, m, d)
	return c, true
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func validDate(y, m, d int) bool {
	if m < 1 || m > 12 || d < 1 {
		return false
	}
	if d <= monthDays[m] {
		return true
	}
	return m == 2 && d == 29 && y%4 == 0 && (y%100 != 0 || y%400 == 0)
}

// two reads two digits at the head of text, or returns a number so large that nothing made of it is right.
func two(text []byte) int {
	if len(text) < 2 || text[0]-'0' > 9 || text[1]-'0' > 9 {
		return 1_000_000
	}
	return int(text[0]-'0')*10 + int(text[1]-'0')
}

// plainDate reads 2006-01-02 at the head of text.
func plainDate(text []byte) (int64, bool) {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	century, y, m, d := two(text), two(text[2:]), two(text[5:]), two(text[8:])
	if century > 99 || y > 99 || !validDate(century*100+y, m, d) {
		return 0, false
	}
	return calendar.FromCivil(century*100+y, m, d), true
}

// plainTime reads RFC 3339, or the same without a zone, with a space for the T, or without seconds.
func (c *clock) plainTime(text []byte) (int64, bool) {
	var local civil
	var ok bool
	if local.day, ok = plainDate(text); !ok || len(text) < 16 || text[10] != ' ' && text[10]|0x20 != 't' || text[13] != ':' {
		return 0, false
	}
	local.hour, local.minute = two(text[11:]), two(text[14:])
	p := 16
	if p < len(text) && text[p] == ':' {
		local.second = two(text[p+1:])
		p += 3
		if p+1 < len(text) && text[p] == '.' && text[p+1]-'0' <= 9 {
			p++
			for worth := int64(100_000); p < len(text) && text[p]-'0' <= 9; p++ {
				local.micros += worth * int64(text[p]-'0')
				worth /= 10
			}
		}
	}
	if local.hour > 23 || local.minute > 59 || local.second > 59 {
		return 0, false
	}
	if p == len(text) {
		return c.instant(local), true
	}
	at := (local.day*86_400+int64(local.hour*3600+local.minute*60+local.second))*micro + local.micros
	switch zone := text[p:]; {
	case len(zone) == 1 && zone[0]|0x20 == 'z':
		return at, true
	case len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':':
		h, m := two(zone[1:]), two(zone[4:])
		if h > 23 || m > 59 {
			return 0, false
		}
		offset := int64(h*3600+m*60) * micro
		if zone[0] == '-' {
			offset = -offset
		}
		return at - offset, true
	}
	return 0, false
}

// instant is the first instant at or after a local time.
func (c *clock) instant(l civil) int64 {
	e := &c.days[uint64(l.day)%uint64(len(c.days))]
	if e.state == 0 || int64(e.day) != l.day {
		*e = localDay{c.zone.Instant(l.day, 0, 0, 0), int32(l.day), 1}
		for h := 0; h <= 24; h++ {
			next, hh := l.day, h
			if h == 24 {
				next, hh = l.day+1, 0
			}
			if c.zone.Instant(next, hh, 0, 0) != e.start+int64(h)*3600*micro {
				e.state = 2
			}
		}
	}
	if e.state == 1 {
		return e.start + int64(l.hour*3600+l.minute*60+l.second)*micro + l.micros
	}
	t := c.zone.Instant(l.day, l.hour, l.minute, l.second)
	if hh, mm, ss := c.zone.Clock(t); hh == l.hour && mm == l.minute && ss == l.second && c.zone.DateOf(t) == l.day {
		t += l.micros // else the clock skips that time: the first instant after it
	}
	return t
}
