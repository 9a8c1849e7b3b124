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
	format string // "", a Go layout, "unix" or "unix_ms"
	steps  []step // how to read the layout by hand; nil if only package time can
	zoned  bool   // the layout holds a zone
	days   [1024]localDay
}

// localDay is a local date whose clock runs without a change: its times are seconds from start.
type localDay struct {
	day, start int64
	state      uint8 // 0 empty, 1 even, 2 has a clock change
}

// step reads one part of a layout: digits of a unit, or literal bytes.
type step struct {
	unit    unit
	literal string
}

type unit uint8

const (
	literal unit = iota
	year
	month
	day
	hour
	minute
	second
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
		c.steps = layoutSteps(format)
		c.zoned = strings.Contains(format, "MST") || strings.Contains(format, "Z07") || strings.Contains(format, "-07")
	}
	return c
}

// layoutSteps breaks up a layout of full numbers such as 2006-01-02 15:04:05, or returns nil for any other.
func layoutSteps(layout string) []step {
	var steps []step
	seen := map[unit]bool{}
	for rest := layout; rest != ""; {
		s := step{literal: rest[:1]}
		for u, text := range []string{year: "2006", month: "01", day: "02", hour: "15", minute: "04", second: "05"} {
			if text != "" && strings.HasPrefix(rest, text) {
				s = step{unit(u), text}
			}
		}
		b := s.literal[0]
		if s.unit == literal && ('0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z' || b == '_') || s.unit != literal && seen[s.unit] {
			return nil
		}
		seen[s.unit] = s.unit != literal
		rest = rest[len(s.literal):]
		if n := len(steps); n > 0 && s.unit == literal && steps[n-1].unit == literal {
			steps[n-1].literal += s.literal
			continue
		}
		steps = append(steps, s)
	}
	if !seen[year] || !seen[month] || !seen[day] {
		return nil
	}
	return steps
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
	if local, ok := readSteps(c.steps, text); ok {
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
	if local, ok := readSteps(c.steps, text); ok {
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

// readSteps reads text by the steps of a layout; ok is false if it does not fit to the letter.
func readSteps(steps []step, text []byte) (c civil, ok bool) {
	if steps == nil {
		return c, false
	}
	var y, m, d int
	p := 0
	for i := range steps {
		s := &steps[i]
		n := len(s.literal)
		if p+n > len(text) {
			return c, false
		}
		part := text[p : p+n]
		p += n
		if s.unit == literal {
			if string(part) != s.literal {
				return c, false
			}
			continue
		}
		v := 0
		for _, b := range part {
			b -= '0'
			if b > 9 {
				return c, false
			}
			v = v*10 + int(b)
		}
		switch s.unit {
		case year:
			y = v
		case month:
			m = v
		case day:
			d = v
		case hour:
			c.hour = v
		case minute:
			c.minute = v
		case second:
			c.second = v
		}
	}
	if p != len(text) || !validDate(y, m, d) || c.hour > 23 || c.minute > 59 || c.second > 59 {
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

// two reads two digits at the head of text, or returns a number above 99.
func two(text []byte) int {
	if len(text) < 2 || text[0]-'0' > 9 || text[1]-'0' > 9 {
		return 1000
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
	if e.state == 0 || e.day != l.day {
		*e = localDay{l.day, c.zone.Instant(l.day, 0, 0, 0), 1}
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
