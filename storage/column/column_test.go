package column

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// rows draws values of one kind with shapes that matter: constant, scaled, sparse, extreme, nearly all different.
func rows(t *rapid.T) (Kind, []Value) {
	kind := rapid.SampledFrom([]Kind{Ints, Floats, Texts, Sets}).Draw(t, "kind")
	n := rapid.SampledFrom([]int{0, 1, 2, 63, 64, 65, 200, 700}).Draw(t, "rows")
	holes := rapid.SampledFrom([]int{0, 0, 3, 100}).Draw(t, "per cent unknown")
	span := rapid.SampledFrom([]int64{0, 1, 200, 60_000, 1 << 30, math.MaxInt64}).Draw(t, "span")
	base := rapid.SampledFrom([]int64{0, -5, math.MinInt64, 1_700_000_000_000_000}).Draw(t, "base")
	scale := rapid.SampledFrom([]int64{1, 100, 86_400_000_000}).Draw(t, "scale")
	seed := rapid.Uint64().Draw(t, "seed")
	next := func() uint64 { // splitmix64, so that large columns need few draws
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	word := func() string {
		letters := []rune("ab中文é")
		var s []rune
		for range next() % 9 {
			s = append(s, letters[next()%uint64(len(letters))])
		}
		if span > 60_000 {
			s = append(s, rune('0'+next()%10), rune('0'+next()%10), rune('0'+next()%10), rune('0'+next()%10))
		}
		return string(s)
	}
	out := make([]Value, n)
	for i := range out {
		if int(next()%100) < holes {
			continue
		}
		switch kind {
		case Ints:
			out[i] = Int(base + scale*int64(next()%(uint64(span)+1)))
		case Floats:
			out[i] = Float(float64(int64(next()>>20)) / 1000)
		case Texts:
			out[i] = Text(word())
		case Sets:
			var texts []string
			for range next() % 4 {
				texts = append(texts, word())
			}
			out[i] = Set(texts...)
		}
	}
	return kind, out
}

func build(kind Kind, values []Value) *Column {
	b := NewBuilder(kind, 0)
	for _, v := range values {
		b.Append(v)
	}
	return b.Column()
}

func expectValues(t *rapid.T, c *Column, want []Value) {
	t.Helper()
	if c.Len != len(want) {
		t.Fatalf("%d rows, want %d", c.Len, len(want))
	}
	for i, v := range want {
		if got := c.Value(i); !got.Equal(v) {
			t.Fatalf("row %d is %v, want %v", i, got, v)
		}
	}
}

func TestColumnsHoldWhatWasAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, values := rows(t)
		c := build(kind, values)
		expectValues(t, c, values)
		for i, text := range c.Dict {
			if slices.Contains(c.Dict[:i], text) {
				t.Fatalf("the dictionary has %q twice", text)
			}
		}

		stored := Encode(nil, c)
		decoded, err := Decode(stored)
		if err != nil {
			t.Fatal(err)
		}
		expectValues(t, decoded, values)
		if !slices.Equal(decoded.Dict, c.Dict) || decoded.Width != c.Width {
			t.Fatalf("dictionary %q width %d, stored as %q width %d", c.Dict, c.Width, decoded.Dict, decoded.Width)
		}
		if kind == Texts {
			s, err := DecodeStrings(stored)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if text, ok := s.Text(i); ok != (v.Kind != 0) || string(text) != v.Text {
					t.Fatalf("row %d is %q (known %t), want %v", i, text, ok, v)
				}
			}
		}
	})
}

// TestMemoryThatIsUsedAgainHoldsNothingOver encodes and decodes columns of any kind one after the other in the same memory.
func TestMemoryThatIsUsedAgainHoldsNothingOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Encoder
		var s Strings
		var dst []byte
		for range rapid.IntRange(2, 5).Draw(t, "columns") {
			kind, values := rows(t)
			b := NewBuilder(kind, 0)
			for _, v := range values {
				b.Append(v)
			}
			known := b.known
			if b.unknown == 0 {
				known = nil
			}
			c := b.Column()
			want := Encode(nil, c)
			switch dst = dst[:0]; kind {
			case Ints:
				dst = e.Ints(dst, b.ints, known)
			case Floats:
				dst = e.Floats(dst, b.floats, known)
			case Texts:
				dst = e.Codes(dst, b.codes, known, b.dict)
			default:
				dst = e.Column(dst, c)
			}
			if !bytes.Equal(dst, want) {
				t.Fatalf("%v of %d rows: other bytes than alone", kind, len(values))
			}
			if kind != Texts {
				if err := s.Decode(want); err == nil || s.Len != 0 {
					t.Fatalf("%v pass for texts", kind)
				}
				continue
			}
			if err := s.Decode(want); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if text, ok := s.Text(i); ok != (v.Kind != 0) || string(text) != v.Text {
					t.Fatalf("row %d is %q (known %t), want %v", i, text, ok, v)
				}
			}
		}
	})
}

func TestBatchReadersAgreeWithRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, values := rows(t)
		c := build(kind, values)
		from := rapid.IntRange(0, c.Len).Draw(t, "from")
		n := rapid.IntRange(0, c.Len-from).Draw(t, "n")
		ints, codes, floats := make([]int64, n), make([]uint32, n), make([]float64, n)
		switch kind {
		case Ints:
			c.ReadInts(ints, from)
		case Texts:
			c.ReadCodes(codes, from)
		case Floats:
			c.ReadFloats(floats, from)
		}
		for i := range n {
			row := from + i
			if c.KnownWord(row>>6)>>(uint(row)&63)&1 != 0 != c.IsKnown(row) {
				t.Fatalf("row %d: the word and the bit differ", row)
			}
			if !c.IsKnown(row) {
				continue
			}
			switch {
			case kind == Ints && ints[i] != c.Int(row),
				kind == Texts && c.Dict[codes[i]] != c.Text(row),
				kind == Floats && floats[i] != c.F64[row]:
				t.Fatalf("row %d differs", row)
			}
		}
		if c.Len&63 != 0 && c.KnownWord(c.Len>>6)>>(uint(c.Len)&63) != 0 {
			t.Fatal("rows beyond the end are known")
		}
	})
}

func TestIntegersTakeTheNarrowestWidth(t *testing.T) {
	day := int64(86_400_000_000)
	for _, tc := range []struct {
		values []int64
		width  uint8
		scale  int64
	}{
		{[]int64{7, 7, 7}, 0, 1},
		{[]int64{0, 1}, 1, 1},
		{[]int64{-100, 155}, 1, 255},
		{[]int64{0, 1, 256}, 2, 1},
		{[]int64{1_000 * day, 1_100 * day, 1_101 * day}, 1, day},
		{[]int64{0, 1, 1 << 16}, 4, 1},
		{[]int64{0, 1, 1 << 32}, 8, 1},
		{[]int64{math.MinInt64, math.MaxInt64}, 8, 1},
		{[]int64{math.MinInt64, 0, math.MaxInt64}, 8, 1},
	} {
		c := PackInts(tc.values, nil)
		if c.Width != tc.width || c.Scale != tc.scale {
			t.Errorf("%v: width %d scale %d, want %d and %d", tc.values, c.Width, c.Scale, tc.width, tc.scale)
		}
		for i, v := range tc.values {
			if c.Int(i) != v {
				t.Errorf("%v: row %d is %d", tc.values, i, c.Int(i))
			}
		}
	}
}

func TestABuilderCanBeUsedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, values := rows(t)
		b := NewBuilder(kind, 10)
		for _, v := range values {
			b.Append(v)
		}
		first := b.Column()
		b.Reset()
		for i := len(values) - 1; i >= 0; i-- {
			b.Append(values[i])
		}
		expectValues(t, first, values)
		slices.Reverse(values)
		expectValues(t, b.Column(), values)
	})
}

// TestFewTextsAndMany appends as many different texts as are looked through, and more, in both ways, twice.
func TestFewTextsAndMany(t *testing.T) {
	for different := range 2*fewTexts + 2 {
		b := NewBuilder(Texts, 4)
		for range 2 {
			var want []Value
			for i := range 3 * different {
				text := string(rune('a' + i%different))
				want = append(want, Text(text))
				if i%2 == 0 {
					b.AppendBytes([]byte(text))
				} else {
					b.AppendText(text)
				}
			}
			c := b.Column()
			if len(c.Dict) != different {
				t.Fatalf("%d texts of which %d differ have a table of %d", len(want), different, len(c.Dict))
			}
			for i, v := range want {
				if got := c.Value(i); got.Text != v.Text {
					t.Fatalf("row %d is %q, want %q", i, got.Text, v.Text)
				}
			}
			b.Reset()
		}
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	b := NewBuilder(Texts, 0)
	for i := range 200 {
		b.AppendText(string(rune('a'+i%26)) + string(rune('中'+i)))
	}
	stored := Encode(nil, b.Column())
	for n := range stored {
		if _, err := Decode(stored[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes decode", n, len(stored))
		}
	}
	if _, err := Decode(append(stored, make([]byte, 8)...)); err == nil {
		t.Fatal("bytes after the end are accepted")
	}
}

func FuzzDecode(f *testing.F) {
	for _, kind := range []Kind{Ints, Floats, Texts, Sets} {
		for _, n := range []int{0, 3, 100} {
			b := NewBuilder(kind, 0)
			for i := range n {
				switch {
				case i%7 == 6:
					b.AppendUnknown()
				case kind == Ints:
					b.AppendInt(int64(i) * 1000)
				case kind == Floats:
					b.AppendFloat(float64(i))
				case kind == Texts:
					b.AppendText("a text of its own " + string(rune('a'+i)))
				case kind == Sets:
					b.AppendSet([]string{"x", string(rune('a' + i%5))})
				}
			}
			f.Add(Encode(nil, b.Column()))
		}
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		c, err := Decode(stored)
		if err != nil {
			return
		}
		if c.Len > 1<<20 {
			return // constant columns cost nothing to store
		}
		for i := range c.Len {
			c.Value(i)
		}
		again, err := Decode(Encode(nil, c))
		if err != nil {
			t.Fatalf("it decodes once only: %v", err)
		}
		for i := range c.Len {
			if !again.Value(i).Equal(c.Value(i)) {
				t.Fatalf("row %d: %v became %v", i, c.Value(i), again.Value(i))
			}
		}
	})
}
