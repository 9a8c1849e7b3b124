package decimal

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func toBig(d Decimal) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(d.hi), 64)
	return b.Add(b, new(big.Int).SetUint64(d.lo))
}

var limit = new(big.Int).Lsh(big.NewInt(1), 127)

func inRange(b *big.Int) bool { return new(big.Int).Abs(b).Cmp(limit) < 0 }

// halfAway is num/den rounded half away from zero.
func halfAway(num, den *big.Int) *big.Int {
	if den.Sign() < 0 {
		num, den = new(big.Int).Neg(num), new(big.Int).Neg(den)
	}
	n := new(big.Int).Abs(num)
	n.Lsh(n, 1).Add(n, den)
	n.Quo(n, new(big.Int).Lsh(den, 1))
	if num.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

// draw covers small amounts, round ones and the ends of the range.
func draw(t *rapid.T, label string) Decimal {
	bits := rapid.IntRange(0, 127).Draw(t, label+" bits")
	m := magnitude{rapid.Uint64().Draw(t, label+" high"), rapid.Uint64().Draw(t, label+" low")}
	if bits < 64 {
		m = magnitude{0, m.lo & (1<<bits - 1)}
	} else {
		m.hi &= 1<<(bits-64) - 1
	}
	d, ok := m.signed(rapid.Bool().Draw(t, label+" negative"))
	if !ok {
		t.Fatalf("%v is out of range", m)
	}
	return d
}

func scaleOf(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits+Beyond)), nil)
}

func check(t *rapid.T, what string, got Decimal, ok bool, want *big.Int) {
	t.Helper()
	if ok != inRange(want) {
		t.Fatalf("%s: ok is %v for %v", what, ok, want)
	}
	if ok && toBig(got).Cmp(want) != 0 {
		t.Fatalf("%s: %v, want %v", what, toBig(got), want)
	}
}

func checkInt(t *rapid.T, what string, got int64, ok bool, want *big.Int) {
	t.Helper()
	if ok != want.IsInt64() || ok && got != want.Int64() {
		t.Fatalf("%s: %v %v, want %v", what, got, ok, want)
	}
}

func TestArithmeticAgreesWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		digits := rapid.IntRange(0, 4).Draw(t, "digits")
		scale := scaleOf(digits)
		x, y := toBig(a), toBig(b)
		if a.Cmp(b) != x.Cmp(y) {
			t.Fatalf("cmp of %v and %v is %d", x, y, a.Cmp(b))
		}
		r, ok := a.Add(b)
		check(t, "add", r, ok, new(big.Int).Add(x, y))
		r, ok = a.Sub(b)
		check(t, "sub", r, ok, new(big.Int).Sub(x, y))
		r, ok = a.Neg()
		check(t, "neg", r, ok, new(big.Int).Neg(x))
		r, ok = a.Abs()
		check(t, "abs", r, ok, new(big.Int).Abs(x))
		r, ok = a.Mul(b, digits)
		check(t, "mul", r, ok, halfAway(new(big.Int).Mul(x, y), scale))
		r, ok = a.Div(b, digits)
		if b.IsZero() {
			if ok {
				t.Fatal("division by zero is ok")
			}
		} else {
			check(t, "div", r, ok, halfAway(new(big.Int).Mul(x, scale), y))
			f, _ := a.Ratio(b)
			if want, _ := new(big.Rat).SetFrac(x, y).Float64(); f != want {
				t.Fatalf("ratio of %v and %v: %v, want %v", x, y, f, want)
			}
		}
		if want, _ := new(big.Rat).SetFrac(x, scale).Float64(); a.Float(digits) != want {
			t.Fatalf("float of %v: %v, want %v", x, a.Float(digits), want)
		}
		n := rapid.Int64().Draw(t, "n")
		r, ok = a.DivInt(n)
		if n == 0 {
			if ok {
				t.Fatal("division by zero is ok")
			}
		} else {
			check(t, "div int", r, ok, halfAway(x, big.NewInt(n)))
		}
	})
}

func TestRoundingAgreesWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, "a")
		digits := rapid.IntRange(0, 4).Draw(t, "digits")
		x, scale := toBig(a), scaleOf(digits)
		i, ok := a.Minor()
		checkInt(t, "minor", i, ok, halfAway(x, big.NewInt(perMinor)))
		if ok && a.IsMinor() != (FromMinor(i) == a) {
			t.Fatalf("IsMinor of %v is %v", x, a.IsMinor())
		}
		i, ok = a.Round(digits)
		checkInt(t, "round", i, ok, halfAway(x, scale))
		i, ok = a.Floor(digits)
		checkInt(t, "floor", i, ok, new(big.Int).Div(x, scale))
		i, ok = a.Ceil(digits)
		up := new(big.Int).Neg(x)
		checkInt(t, "ceil", i, ok, up.Neg(up.Div(up, scale)))
	})
}

func TestConversionsAgreeWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(0, 4).Draw(t, "digits")
		i := rapid.Int64().Draw(t, "i")
		check(t, "from minor", FromMinor(i), true, new(big.Int).Mul(big.NewInt(i), big.NewInt(perMinor)))
		d, ok := FromInt(i, digits)
		check(t, "from int", d, ok, new(big.Int).Mul(big.NewInt(i), scaleOf(digits)))
		f := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-1e4, 1e4), rapid.Float64Range(-1e32, 1e32)).Draw(t, "f")
		exact := new(big.Rat).SetFloat64(f)
		exact.Mul(exact, new(big.Rat).SetInt(scaleOf(digits)))
		d, ok = FromFloat(f, digits)
		check(t, "from float", d, ok, halfAway(exact.Num(), exact.Denom()))
	})
}

func TestFromFloatRefusesWhatIsNoNumber(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e31} {
		if d, ok := FromFloat(f, 2); ok {
			t.Errorf("%v became %v", f, d)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		text      string
		digits    int
		exact, ok bool
		minor     int64
		shown     string
	}{
		{"12.345", 2, true, true, 1235, "12.345"},
		{"12.34", 2, true, true, 1234, "12.34"},
		{"-0.005", 2, true, true, -1, "-0.005"},
		{"99.999", 2, true, true, 10000, "99.999"},
		{"5", 0, true, true, 5, "5"},
		{"5.5", 0, true, true, 6, "5.5"},
		{"1.123456789", 2, false, true, 112, "1.12345679"},
		{"1.123456785", 2, false, true, 112, "1.12345679"},
		{"1.1234567849", 2, false, true, 112, "1.12345678"},
		{"0.10000000000000000000", 2, true, true, 10, "0.10"},
		{"-0", 2, true, true, 0, "0.00"},
		{"92233720368547758.07", 2, true, true, math.MaxInt64, "92233720368547758.07"},
		{"99999999999999999999999999999999999999", 2, false, false, 0, ""},
		{"170141183460469231731687303715884105.727", 0, false, false, 0, ""},
		{"", 2, false, false, 0, ""},
		{"-", 2, false, false, 0, ""},
		{".5", 2, false, false, 0, ""},
		{"5.", 2, false, false, 0, ""},
		{"1.2.3", 2, false, false, 0, ""},
		{"1e3", 2, false, false, 0, ""},
		{"+1", 2, false, false, 0, ""},
	} {
		d, exact, ok := FromText(c.text, c.digits)
		if ok != c.ok || exact != c.exact {
			t.Errorf("%q: exact %v, ok %v", c.text, exact, ok)
			continue
		}
		if !ok {
			continue
		}
		if minor, _ := d.Minor(); minor != c.minor {
			t.Errorf("%q is %d minor units, want %d", c.text, minor, c.minor)
		}
		if got := d.Text(c.digits); got != c.shown {
			t.Errorf("%q is shown as %q, want %q", c.text, got, c.shown)
		}
	}
}

func TestTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, "d")
		digits := rapid.IntRange(0, 4).Draw(t, "digits")
		if back, exact, ok := FromText(d.Text(digits), digits); !ok || !exact || back != d {
			t.Fatalf("%v shown as %q read as %v", toBig(d), d.Text(digits), toBig(back))
		}
	})
}

func FuzzFromText(f *testing.F) {
	for _, s := range []string{"0", "-12.50", "99999999999999999999999999999.5", "1.2.3"} {
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, s string, digits int) {
		if d, exact, ok := FromText(s, digits); ok && exact {
			if back, _, _ := FromText(d.Text(digits), digits); back != d {
				t.Fatalf("%q shown as %q", s, d.Text(digits))
			}
		}
	})
}

func BenchmarkMul(b *testing.B) {
	amount, factor := FromMinor(1_234_567), FromMinor(115)
	for b.Loop() {
		amount.Mul(factor, 2)
	}
}
