package loyalty

import (
	"errors"
	"io"
	"strings"
)

// A code is 16 symbols of an alphabet without those that are taken for one another: 15 random ones, 75 bits, which nobody
// guesses, and a check symbol by which a slip in typing is found before anything is looked up.

const (
	codeLength   = 16
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// ErrCode says that a text is no code of a coupon: it is too short or long, or a symbol is wrong or in the wrong place.
var ErrCode = errors.New("this is not a code of a coupon: a symbol is missing, wrong or in the wrong place")

// NewCode makes a code of random bytes.
func NewCode(random io.Reader) (string, error) {
	var b [codeLength]byte
	if _, err := io.ReadFull(random, b[1:]); err != nil {
		return "", err
	}
	for i := 1; i < codeLength; i++ {
		b[i] &= 31
	}
	b[0] = checksum(b)
	for i, v := range b {
		b[i] = codeAlphabet[v]
	}
	return string(b[1:]) + string(b[:1]), nil
}

// ReadCode reads a code as somebody typed it: in letters of any case, in groups, with o, i or l for the digits that look
// like them. It returns the code as it is kept. Every slip in one symbol and every two symbols that changed places are
// found.
func ReadCode(text string) (string, error) {
	var b [codeLength]byte
	n := 0
	for _, r := range strings.ToUpper(text) {
		if r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' {
			r -= '０' - '0'
		}
		switch r {
		case ' ', '-', '\u3000':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		v := strings.IndexRune(codeAlphabet, r)
		if v < 0 || n == codeLength {
			return "", ErrCode
		}
		n++
		b[n%codeLength] = byte(v) // the check symbol, which is written last, is the first here
	}
	if n != codeLength || b[0] != checksum(b) {
		return "", ErrCode
	}
	out := make([]byte, codeLength)
	for i := range out {
		out[i] = codeAlphabet[b[(i+1)%codeLength]]
	}
	return string(out), nil
}

// checksum is the sum of the symbols after the first, each times its own power of a generator of the field of 32
// elements: no two symbols have the same factor, and none has that of the check symbol, 1.
func checksum(b [codeLength]byte) byte {
	var sum byte
	for i := codeLength - 1; i > 0; i-- {
		sum = double(sum ^ b[i])
	}
	return sum
}

// double multiplies an element of the field by its generator, modulo x^5 + x^2 + 1.
func double(v byte) byte {
	if v <<= 1; v&32 != 0 {
		v ^= 37
	}
	return v
}
