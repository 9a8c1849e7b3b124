package dsl

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// number reads an integer, decimal, percentage, date, local time or clock time.
func (s *scanner) number() {
	n := &numberReader{s: s}
	n.digits()
	switch {
	case n.dateAhead():
		n.date()
	case n.ahead(":") && n.digitAt(1) && len(n.ascii) <= 2:
		n.clock()
	default:
		n.plain()
	}
}

// numberReader collects the ASCII form of a number; full-width digits and signs are read and reported.
type numberReader struct {
	s     *scanner
	ascii []byte
	text  string // ascii as a string, once all is read
	wide  bool
}

// peek returns the ASCII form of the i-th character ahead, or 0.
func (n *numberReader) peek(i int) byte {
	pos := n.s.pos
	for ; pos < len(n.s.text); i-- {
		r, size := utf8.DecodeRuneInString(n.s.text[pos:])
		if i == 0 {
			if a, _ := fold(r); len(a) == 1 {
				return a[0]
			}
			return 0
		}
		pos += size
	}
	return 0
}

func (n *numberReader) ahead(c string) bool { return n.peek(0) == c[0] }

func (n *numberReader) digitAt(i int) bool { return isDigit(n.peek(i)) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (n *numberReader) take() {
	r, size := utf8.DecodeRuneInString(n.s.text[n.s.pos:])
	a, wide := fold(r)
	n.ascii = append(n.ascii, a...)
	n.wide = n.wide || wide
	n.s.pos += size
}

// digits takes digits, and underscores between digits. A run of ASCII digits is taken at once.
func (n *numberReader) digits() {
	for {
		from := n.s.pos
		for n.s.pos < len(n.s.text) && (isDigit(n.s.text[n.s.pos]) || n.s.text[n.s.pos] == '_' && n.s.pos > n.s.start) {
			n.s.pos++
		}
		n.ascii = append(n.ascii, n.s.text[from:n.s.pos]...)
		if !n.digitAt(0) {
			return
		}
		n.take()
	}
}

// dateAhead reports whether -digits-digits follows.
func (n *numberReader) dateAhead() bool {
	if !n.ahead("-") || !n.digitAt(1) || bytes.IndexByte(n.ascii, '_') >= 0 {
		return false
	}
	i := 1
	for n.digitAt(i) {
		if i++; i > 8 {
			return false
		}
	}
	return n.peek(i) == '-' && n.digitAt(i+1)
}

func (n *numberReader) finish(kind TokenKind) {
	if n.wide {
		n.s.wideFault(n.text)
	}
	n.s.emit(kind, n.text)
}

func (n *numberReader) fail(kind TokenKind, code, message, hint string) {
	n.s.broken(kind, code, message, hint)
}

func (n *numberReader) date() {
	n.take()
	n.digits()
	n.take()
	n.digits()
	kind := Date
	if c := n.peek(0); (c == 'T' || c == 't') && n.digitAt(1) {
		kind = Time
		n.take()
		n.digitGroups()
	}
	n.text = string(n.ascii)
	if n.letterFollows() {
		if c := n.peek(0); kind == Time && (c == 'Z' || c == 'z') {
			n.take()
			n.fail(kind, "M0107", fmt.Sprintf("`%s` has a zone", clip(string(n.ascii))), "local times are of the timezone of the settings: leave out the `Z`")
			return
		}
		n.badTail()
		return
	}
	if _, ok := readDate(n.text); !ok {
		n.fail(kind, "M0107", fmt.Sprintf("`%s` is no date", clip(dateText(n.text))), dateHint(n.text))
		return
	}
	if kind == Time {
		if _, ok := readTime(n.text); !ok {
			n.fail(kind, "M0107", fmt.Sprintf("`%s` is no time of a day", clip(n.text[11:])), "a local time is written `2026-06-01T10:30` or `2026-06-01T10:30:05`")
			return
		}
	}
	n.finish(kind)
}

func dateText(text string) string {
	text, _, _ = strings.Cut(text, "T")
	return text
}

func dateHint(text string) string {
	parts := strings.Split(dateText(text), "-")
	if len(parts[0]) == 4 && len(parts[1]) == 2 && len(parts[2]) == 2 {
		month, _ := strconv.Atoi(parts[1])
		year, _ := strconv.Atoi(parts[0])
		if year > 0 && month >= 1 && month <= 12 {
			return fmt.Sprintf("%s-%s has %d days", parts[0], parts[1], daysIn(year, month))
		}
		return "the year is 0001 to 9999, the month 01 to 12"
	}
	return "digits-digits-digits is always read as a date, written `2026-06-01`; a difference needs spaces: `10 - 5 - 3`"
}

// digitGroups takes digits with colons between them.
func (n *numberReader) digitGroups() {
	for n.digits(); n.ahead(":") && n.digitAt(1); n.digits() {
		n.take()
	}
}

func (n *numberReader) clock() {
	n.digitGroups()
	n.text = string(n.ascii)
	if n.letterFollows() {
		n.badTail()
		return
	}
	if _, _, ok := readClock(n.text); !ok {
		n.fail(Clock, "M0107", fmt.Sprintf("`%s` is no clock time", clip(n.text)), "a clock time is written `09:30`, from `00:00` to `23:59`")
		return
	}
	n.finish(Clock)
}

func (n *numberReader) plain() {
	kind := Int
	if n.ahead(".") {
		if !n.digitAt(1) {
			n.take()
			n.text = string(n.ascii)
			n.fail(Decimal, "M0105", fmt.Sprintf("no digit after the `.` of `%s`", clip(n.text)), "a decimal has a digit on both sides of the dot: `5.0`")
			return
		}
		kind = Decimal
		n.take()
		n.digits()
	}
	if n.ahead("%") {
		kind = Percent
		n.take()
	}
	n.text = string(n.ascii)
	if n.letterFollows() {
		n.badTail()
		return
	}
	n.check(kind)
}

// check holds a plain number to the rules of writing.
func (n *numberReader) check(kind TokenKind) {
	whole, fraction, _ := strings.Cut(strings.TrimSuffix(n.text, "%"), ".")
	switch {
	case underscoreAstray(whole) || underscoreAstray(fraction):
		n.fail(kind, "M0105", fmt.Sprintf("an underscore of `%s` is not between two digits", clip(n.text)), "")
	case len(whole) > 1 && whole[0] == '0':
		trimmed := strings.TrimLeft(whole, "0_")
		n.fail(kind, "M0105", fmt.Sprintf("`%s` starts with a zero", clip(n.text)), leadingZeroHint(trimmed+strings.TrimPrefix(n.text, whole)))
	case kind == Int && !fitsInt(whole):
		n.fail(kind, "M0106", fmt.Sprintf("`%s` is beyond the largest whole number, %d", clip(n.text), int64(1<<63-1)), "")
	case kind != Int && len(n.text) > 40:
		n.fail(kind, "M0106", fmt.Sprintf("`%s` has more digits than a number can hold", clip(n.text)), "")
	default:
		n.finish(kind)
	}
}

func leadingZeroHint(text string) string {
	if text == "" || !isDigit(text[0]) {
		text = "0" + text
	}
	return fmt.Sprintf("write `%s`, or \"…\" if it is a code", clip(text))
}

func underscoreAstray(digits string) bool {
	return strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__")
}

func fitsInt(digits string) bool {
	_, err := strconv.ParseInt(plainDigits(digits), 10, 64)
	return err == nil
}

func plainDigits(text string) string { return strings.ReplaceAll(text, "_", "") }

// letterFollows reports whether a name character stands directly after the number.
func (n *numberReader) letterFollows() bool {
	r, _ := utf8.DecodeRuneInString(n.s.text[n.s.pos:])
	return isNamePart(r)
}

// badTail takes the letters that stand directly after a number.
func (n *numberReader) badTail() {
	tail, _ := n.s.nameRun()
	hint := "put a space between the number and the word; a name does not start with a digit"
	if full, ok := unitShorthand[strings.ToLower(tail)]; ok && strings.Trim(n.text, "0123456789") == "" {
		hint = fmt.Sprintf("write `%s %s`", clip(n.text), full)
	} else if strings.Trim(strings.ToLower(tail), "e0123456789") == "" {
		hint = "numbers are written without an exponent"
	}
	n.fail(Int, "M0105", fmt.Sprintf("`%s` is neither a number nor a name", clip(n.text+tail)), hint)
}

var unitShorthand = map[string]string{
	"min": "minutes", "mins": "minutes", "minute": "minutes", "minutes": "minutes",
	"h": "hours", "hr": "hours", "hrs": "hours", "hour": "hours", "hours": "hours",
	"d": "days", "day": "days", "days": "days", "天": "days", "日": "days",
	"w": "weeks", "week": "weeks", "weeks": "weeks", "周": "weeks",
	"m": "months", "mon": "months", "month": "months", "months": "months", "个月": "months", "月": "months",
	"q": "quarters", "quarter": "quarters", "quarters": "quarters",
	"y": "years", "yr": "years", "year": "years", "years": "years", "年": "years", "小时": "hours", "分钟": "minutes",
}

// clip shortens a text for a message.
func clip(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

type civil struct{ year, month, day int }

// readDate reads 2026-06-01 at the start of a text, which must be a real date.
func readDate(text string) (civil, bool) {
	text, _, _ = strings.Cut(strings.ToUpper(text), "T")
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return civil{}, false
	}
	year, err1 := strconv.Atoi(text[:4])
	month, err2 := strconv.Atoi(text[5:7])
	day, err3 := strconv.Atoi(text[8:])
	ok := err1 == nil && err2 == nil && err3 == nil && year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
	return civil{year, month, day}, ok
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

type clockTime struct{ hour, minute, second int }

// readTime reads the clock part of 2026-06-01T10:30[:05].
func readTime(text string) (clockTime, bool) {
	if len(text) < 16 {
		return clockTime{}, false
	}
	rest := text[11:]
	hour, minute, ok := readClock(rest[:5])
	second := 0
	if len(rest) > 5 {
		var err error
		second, err = strconv.Atoi(rest[6:])
		ok = ok && len(rest) == 8 && rest[5] == ':' && err == nil && second < 60
	}
	return clockTime{hour, minute, second}, ok
}

// readClock reads 21:00.
func readClock(text string) (hour, minute int, ok bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, 0, false
	}
	hour, err1 := strconv.Atoi(text[:2])
	minute, err2 := strconv.Atoi(text[3:])
	return hour, minute, err1 == nil && err2 == nil && hour < 24 && minute < 60
}
