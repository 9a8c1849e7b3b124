package ingest

import (
	"math"
	"strconv"
	"unsafe"
)

// What can be wrong with a number, said after the value.
const (
	notWhole      = "is not a whole number"
	notAmount     = "is not an amount"
	notNumber     = "is not a number"
	tooLarge      = "is too large"
	tooManyDigits = "has more decimals than the currency"
)

// decimal reads an exact decimal, such as -12.50, as an integer of 10^-digits. Digits beyond those must be zeros. The
// fault is "" if all is well; notThis is the fault of what is no number. Exponents are JSON's: exact as well.
func decimal(text []byte, digits int, exponents bool, notThis, tooFine string) (v int64, fault string) {
	i, negative := 0, false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	var u uint64
	any, large, point := false, false, -1
	zeros := 0 // trailing zeros not yet multiplied in: 1.5000 is 1.5
	scale := 0 // decimals multiplied in
	for ; i < len(text); i++ {
		b := text[i]
		if b == '.' && point < 0 {
			point = i
			continue
		}
		b -= '0'
		if b > 9 {
			break
		}
		any = true
		if point >= 0 {
			if b == 0 {
				zeros++
				continue
			}
			for ; zeros > 0; zeros-- {
				u, large = timesTen(u, 0, large)
				scale++
			}
			scale++
		}
		u, large = timesTen(u, uint64(b), large)
	}
	exponent := 0
	if any && exponents && i < len(text) && text[i]|0x20 == 'e' {
		n, err := strconv.Atoi(string(text[i+1:]))
		if err == nil {
			i = len(text)
			exponent = max(-10_000, min(n, 10_000))
		}
	}
	switch {
	case !any || i < len(text):
		return 0, notThis
	case large:
		return 0, tooLarge
	}
	shift := digits - scale + exponent
	for ; shift > 0 && u != 0 && !large; shift-- {
		u, large = timesTen(u, 0, false)
	}
	for ; shift < 0 && u != 0; shift++ {
		if u%10 != 0 {
			return 0, tooFine
		}
		u /= 10
	}
	switch {
	case large || u > 1<<63 || u == 1<<63 && !negative:
		return 0, tooLarge
	case negative:
		return -int64(u), ""
	}
	return int64(u), ""
}

func timesTen(u, digit uint64, large bool) (uint64, bool) {
	if u > (math.MaxUint64-9)/10 {
		return u, true
	}
	return u*10 + digit, large
}

// number reads a 64-bit float: digits with an optional point and exponent, nothing else. Minus zero is zero.
func number(text []byte) (float64, string) {
	for _, b := range text {
		if b-'0' > 9 && b != '.' && b != '-' && b != '+' && b|0x20 != 'e' {
			return 0, notNumber
		}
	}
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	switch {
	case err == nil:
		return f + 0, ""
	case math.IsInf(f, 0):
		return 0, tooLarge
	}
	return 0, notNumber
}

// boolean reads true, false, yes, no, 1, 0 in any case.
func boolean(text []byte) (v int64, ok bool) {
	if len(text) == 1 {
		return int64(text[0] - '0'), text[0]|1 == '1'
	}
	switch {
	case foldEqual(text, "true"), foldEqual(text, "yes"):
		return 1, true
	case foldEqual(text, "false"), foldEqual(text, "no"):
		return 0, true
	}
	return 0, false
}

// foldEqual compares with a lower-case ASCII word, in any case.
func foldEqual(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i := range text {
		if text[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}
