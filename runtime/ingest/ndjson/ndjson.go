// Package ndjson reads JSON objects, one a line, and picks the values of wanted keys out of them without building
// anything: numbers stay the text that they are, strings are unescaped, what nobody wants is checked and passed over.
//
// A key is wanted by its name, or by a path: "a.b" is the key b of the object under a, or a key that is called "a.b".
package ndjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind tells what a value is.
type Kind uint8

const (
	Absent Kind = iota
	Null
	String
	Number
	Bool
	Array
	Object
)

// String names the kind for people.
func (k Kind) String() string {
	return [...]string{"nothing", "null", "a string", "a number", "true or false", "a list", "an object"}[k]
}

// Value is what stands under a key.
type Value struct {
	Kind Kind
	// Text is the string unescaped; of everything else, as it stands in the line. It is valid until the next line is read.
	Text []byte
}

// maxDepth bounds how deep objects and lists may nest.
const maxDepth = 64

// maxUnwanted bounds how many keys that nobody wants are told.
const maxUnwanted = 8

// Reader reads one line after another.
type Reader struct {
	// Values has the value of each wanted key, in the order of the keys given to NewReader.
	Values []Value
	// Unwanted are keys of the object itself that nobody wants, a few at most. They are valid until the next line is read.
	Unwanted [][]byte

	root  *node
	line  []byte
	pos   int
	arena []byte
	fault string
}

// node is a place in the tree of wanted keys.
type node struct {
	name     string
	slot     int // of Values, or -1
	children []*node
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	c := &node{name: name, slot: -1}
	n.children = append(n.children, c)
	return c
}

// NewReader returns a reader that wants the given keys, all different.
func NewReader(keys []string) *Reader {
	r := &Reader{Values: make([]Value, len(keys)), root: &node{slot: -1}}
	for i, key := range keys {
		r.root.child(key).slot = i
		at := r.root
		for _, part := range strings.Split(key, ".") {
			at = at.child(part)
		}
		at.slot = i
	}
	return r
}

// Fault is what is wrong with a line, and the byte (from 0) where it shows.
type Fault struct {
	Reason string
	Pos    int
}

// Read reads one line, an object. If it is none, ok is false and fault tells why.
func (r *Reader) Read(line []byte) (fault Fault, ok bool) {
	clear(r.Values)
	r.Unwanted = r.Unwanted[:0]
	r.line, r.pos, r.arena, r.fault = line, 0, r.arena[:0], ""
	r.space()
	switch {
	case r.pos == len(line):
		r.fault = "the line is empty"
	case line[r.pos] == '[':
		r.fault = "this is a list; every line must be an object by itself"
	case line[r.pos] != '{':
		r.fault = "a line must be a JSON object, beginning with {"
	default:
		r.object(r.root, 1)
		if r.fault != "" {
			break
		}
		if r.space(); r.pos < len(line) {
			r.fault = "there is more behind the end of the object"
		}
	}
	return Fault{r.fault, r.pos}, r.fault == ""
}

// Elements calls yield with each element of a list, Text being that of an Array that Read found.
func (r *Reader) Elements(list []byte, yield func(Value) bool) {
	r.line, r.pos, r.fault = list, 1, ""
	for r.space(); r.pos < len(list) && list[r.pos] != ']'; r.space() {
		if list[r.pos] == ',' {
			r.pos++
			continue
		}
		v := r.value(nil, true, 1)
		if r.fault != "" || !yield(v) {
			return
		}
	}
}

func (r *Reader) space() {
	for r.pos < len(r.line) {
		switch r.line[r.pos] {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return
		}
	}
}

// expect consumes the byte b, after white space, or notes the fault.
func (r *Reader) expect(b byte, reason string) bool {
	r.space()
	if r.pos < len(r.line) && r.line[r.pos] == b {
		r.pos++
		return true
	}
	if r.fault == "" {
		r.fault = reason
		if r.pos == len(r.line) {
			r.fault = "the line ends in the middle of the object"
		}
	}
	return false
}

// peek returns the next byte after white space, or 0.
func (r *Reader) peek() byte {
	r.space()
	if r.pos < len(r.line) {
		return r.line[r.pos]
	}
	return 0
}

// object reads an object, its { being next. Keys below at are wanted; at may be nil.
func (r *Reader) object(at *node, depth int) {
	if depth > maxDepth {
		r.fault = "objects nest too deep"
		return
	}
	r.pos++
	if r.peek() == '}' {
		r.pos++
		return
	}
	for {
		if r.peek() != '"' {
			r.expect('"', "a key in double quotes was expected")
			return
		}
		key := r.text(at != nil)
		if r.fault != "" || !r.expect(':', "a colon was expected behind the key") {
			return
		}
		var below *node
		if at != nil {
			for _, c := range at.children {
				if c.name == string(key) {
					below = c
					break
				}
			}
		}
		if below == nil && at == r.root && len(r.Unwanted) < maxUnwanted {
			r.Unwanted = append(r.Unwanted, key)
		}
		v := r.value(below, below != nil && below.slot >= 0, depth)
		if r.fault != "" {
			return
		}
		if below != nil && below.slot >= 0 {
			r.Values[below.slot] = v
		}
		if r.peek() == ',' {
			r.pos++
			continue
		}
		r.expect('}', "a comma or } was expected")
		return
	}
}

// value reads any value; its text is only needed if want is set.
func (r *Reader) value(at *node, want bool, depth int) Value {
	switch b := r.peek(); {
	case b == '"':
		return Value{String, r.text(want)}
	case b == '{':
		start := r.pos
		r.object(at, depth+1)
		return Value{Object, r.line[start:r.pos]}
	case b == '[':
		start := r.pos
		r.list(depth + 1)
		return Value{Array, r.line[start:r.pos]}
	case b == '-' || '0' <= b && b <= '9':
		return Value{Number, r.number()}
	case b == 't':
		return Value{Bool, r.word("true")}
	case b == 'f':
		return Value{Bool, r.word("false")}
	case b == 'n':
		return Value{Null, r.word("null")}
	}
	r.expect(0xff, "a value was expected")
	if r.fault == "" {
		r.fault = "a value was expected"
	}
	return Value{}
}

func (r *Reader) list(depth int) {
	if depth > maxDepth {
		r.fault = "lists nest too deep"
		return
	}
	r.pos++
	if r.peek() == ']' {
		r.pos++
		return
	}
	for {
		r.value(nil, false, depth)
		if r.fault != "" {
			return
		}
		if r.peek() == ',' {
			r.pos++
			continue
		}
		r.expect(']', "a comma or ] was expected")
		return
	}
}

func (r *Reader) word(w string) []byte {
	start := r.pos
	if end := start + len(w); end <= len(r.line) && string(r.line[start:end]) == w {
		r.pos = end
		return r.line[start:end]
	}
	r.fault = "a value was expected"
	return nil
}

func (r *Reader) digits() bool {
	start := r.pos
	for r.pos < len(r.line) && '0' <= r.line[r.pos] && r.line[r.pos] <= '9' {
		r.pos++
	}
	return r.pos > start
}

func (r *Reader) at(b byte) bool { return r.pos < len(r.line) && r.line[r.pos] == b }

func (r *Reader) number() []byte {
	const reason = "this is no number"
	start := r.pos
	if r.at('-') {
		r.pos++
	}
	if r.at('0') {
		r.pos++
	} else if !r.digits() {
		r.fault = reason
		return nil
	}
	if r.at('.') {
		r.pos++
		if !r.digits() {
			r.fault = reason
			return nil
		}
	}
	if r.at('e') || r.at('E') {
		r.pos++
		if r.at('+') || r.at('-') {
			r.pos++
		}
		if !r.digits() {
			r.fault = reason
			return nil
		}
	}
	return r.line[start:r.pos]
}

// text reads a string, its quote being next, and returns it unescaped if it is wanted.
func (r *Reader) text(want bool) []byte {
	r.pos++
	start, high := r.pos, false
	for r.pos < len(r.line) {
		switch b := r.line[r.pos]; {
		case b == '"':
			text := r.line[start:r.pos]
			if high && !utf8.Valid(text) {
				r.fault = "the text is not valid UTF-8"
				return nil
			}
			r.pos++
			return text
		case b == '\\':
			return r.escaped(start, want)
		case b < ' ':
			r.fault = "a control character must be escaped in a string"
			return nil
		case b >= utf8.RuneSelf:
			high = true
		}
		r.pos++
	}
	r.fault = "a string is not closed"
	return nil
}

// escaped reads the rest of a string that has an escape at pos.
func (r *Reader) escaped(start int, want bool) []byte {
	from := len(r.arena)
	r.arena = append(r.arena, r.line[start:r.pos]...)
	for r.pos < len(r.line) {
		b := r.line[r.pos]
		r.pos++
		switch {
		case b == '"':
			text := r.arena[from:len(r.arena):len(r.arena)]
			if !utf8.Valid(text) {
				r.fault = "the text is not valid UTF-8"
			}
			if !want {
				r.arena = r.arena[:from]
			}
			return text
		case b < ' ':
			r.fault = "a control character must be escaped in a string"
			return nil
		case b != '\\':
			r.arena = append(r.arena, b)
			continue
		case r.pos == len(r.line):
			r.fault = "a string is not closed"
			return nil
		}
		b = r.line[r.pos]
		r.pos++
		switch b {
		case '"', '\\', '/':
			r.arena = append(r.arena, b)
		case 'b':
			r.arena = append(r.arena, '\b')
		case 'f':
			r.arena = append(r.arena, '\f')
		case 'n':
			r.arena = append(r.arena, '\n')
		case 'r':
			r.arena = append(r.arena, '\r')
		case 't':
			r.arena = append(r.arena, '\t')
		case 'u':
			c, ok := r.hex()
			if !ok {
				r.fault = `\u must be followed by four hexadecimal digits`
				return nil
			}
			if utf16.IsSurrogate(c) {
				second, back := rune(utf8.RuneError), r.pos
				if r.at('\\') && r.pos+1 < len(r.line) && r.line[r.pos+1] == 'u' {
					r.pos += 2
					second, _ = r.hex()
				}
				if c = utf16.DecodeRune(c, second); c == utf8.RuneError {
					r.pos = back // half a pair is U+FFFD; what follows is read for itself
				}
			}
			r.arena = utf8.AppendRune(r.arena, c)
		default:
			r.fault = `this \ escape is unknown`
			return nil
		}
	}
	r.fault = "a string is not closed"
	return nil
}

// hex reads four hexadecimal digits.
func (r *Reader) hex() (rune, bool) {
	if r.pos+4 > len(r.line) {
		return 0, false
	}
	var c rune
	for _, b := range r.line[r.pos : r.pos+4] {
		switch {
		case '0' <= b && b <= '9':
			c = c<<4 | rune(b-'0')
		case 'a' <= b|0x20 && b|0x20 <= 'f':
			c = c<<4 | rune(b|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	r.pos += 4
	return c, true
}
