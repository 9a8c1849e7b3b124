package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// count prints a whole number with thousands apart: 406,829.
func count[T ~int | ~int64 | ~uint64 | ~uint32](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// many is a count with its noun: 1 file, 12 files.
func many[T ~int | ~int64 | ~uint64 | ~uint32](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// bytesText is a size in bytes with two digits or more: 512 bytes, 12 KB, 1.4 GB.
func bytesText(n int64) string {
	unit, size := "KB", float64(n)/1000
	switch {
	case n < 1000:
		return many(n, "byte")
	case n >= 1e9:
		unit, size = "GB", float64(n)/1e9
	case n >= 1e6:
		unit, size = "MB", float64(n)/1e6
	}
	if size < 9.95 {
		return fmt.Sprintf("%.1f %s", size, unit)
	}
	return fmt.Sprintf("%.0f %s", size, unit)
}

// share is a part of a whole in per cent, "-" of nothing.
func share(part, whole uint64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

// bar draws a part of a whole as blocks, in eighths, width characters long when full.
func bar(part, whole uint64, width int) string {
	if whole == 0 || part == 0 {
		return ""
	}
	eighths := int(float64(part)/float64(whole)*float64(width)*8 + 0.5)
	eighths = max(1, min(eighths, width*8))
	return strings.Repeat("█", eighths/8) + strings.TrimSpace(string([]rune(" ▏▎▍▌▋▊▉")[eighths%8]))
}

// took prints a duration with three digits at most: 5 µs, 1.2 ms, 3.4 s.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// milliseconds is a duration for programs, with three decimals.
func milliseconds(d time.Duration) json.Number {
	return json.Number(strconv.FormatFloat(float64(d.Microseconds())/1e3, 'f', -1, 64))
}

// orList is a list for people: a, b or c.
func orList(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " or " + items[len(items)-1]
}
