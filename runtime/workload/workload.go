// Package workload generates the benchmark's data: members, stores and orders of a shoe retailer's shape, as CSV files.
//
// The same sizes give the same bytes on every machine. Each cell is drawn with a hash of its row's number, the 64-bit
// finaliser of MurmurHash that DuckDB uses for integers, so that the same rows can be made in SQL and both sides of a
// comparison read the same files (see the folder duckdb). Members are named by phone; orders favour low numbers, as a few
// customers buy most; some orders lie after the benchmark's clock, 2026-11-01T00:00 in Asia/Shanghai.
package workload

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// Rules are the benchmark's rules: 80 tags over the generated data.
//
//go:embed rules.muster
var Rules string

//go:embed conditions.json
var conditions []byte

// Conditions are the benchmark's questions: over declared tags, and with aggregates that are not declared.
type Conditions struct{ Declared, Undeclared []string }

// Questions returns the benchmark's conditions.
func Questions() (Conditions, error) {
	type question struct{ Muster string }
	var read struct{ Segments, Adhoc []question }
	if err := json.Unmarshal(conditions, &read); err != nil {
		return Conditions{}, err
	}
	var out Conditions
	for _, q := range read.Segments {
		out.Declared = append(out.Declared, q.Muster)
	}
	for _, q := range read.Adhoc {
		out.Undeclared = append(out.Undeclared, q.Muster)
	}
	return out, nil
}

// Clock is the local date at whose first instant the benchmark asks, in the timezone of its rules.
var Clock = struct{ Year, Month, Day int }{2026, 11, 1}

// Stores is how many stores there are, at any size.
const Stores = 3000

// hash mixes 64 bits.
func hash(x uint64) uint64 {
	const m = 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= m
	x ^= x >> 32
	x *= m
	return x ^ x>>32
}

// fraction is the k-th number in [0, 1) of row i.
func fraction(i, k uint64) float64 { return float64(hash(i*31+k)) / (1 << 64) }

// rounded is the whole number nearest to f, ties to even.
func rounded(f float64) int64 { return int64(math.RoundToEven(f)) }

var (
	regions    = []string{"east", "south", "north", "west"}
	grades     = []string{"A", "B", "C"}
	channels   = []string{"pos", "pos", "pos", "pos", "mall", "tmall", "tmall", "jd", "douyin"}
	categories = []string{"boots", "sandals", "heels", "sneakers", "bags", "flats", "loafers", "kids"}
	born       = time.Date(1955, 1, 1, 0, 0, 0, 0, time.UTC)
	opened     = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	started    = time.Date(2024, 11, 1, 0, 0, 0, 0, time.UTC)
)

// padded appends n with leading zeros to a width.
func padded(b []byte, n uint64, width int) []byte {
	digits := 1
	for x := n; x >= 10; x /= 10 {
		digits++
	}
	for ; digits < width; width-- {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, n, 10)
}

// write hands the rows to w, a line each.
func write(w io.Writer, header string, rows int64, row func(b []byte, i uint64) []byte) error {
	out := bufio.NewWriterSize(w, 1<<20)
	if _, err := fmt.Fprintln(out, header); err != nil {
		return err
	}
	var b []byte
	for i := range uint64(rows) {
		b = append(row(b[:0], i), '\n')
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return out.Flush()
}

// WriteStores writes the stores file: code, name, region, grade.
func WriteStores(w io.Writer) error {
	return write(w, "code,name,region,grade", Stores, func(b []byte, i uint64) []byte {
		b = padded(append(b, 'S'), i, 4)
		b = strconv.AppendUint(append(b, ",Store "...), i, 10)
		b = append(append(b, ','), regions[hash(i)%4]...)
		return append(append(b, ','), grades[hash(i+7)%3]...)
	})
}

// WriteMembers writes the file of n members: phone, gender, birthday, city, joined, home_store, sms_opt_in. Some cells
// are empty.
func WriteMembers(w io.Writer, n int64) error {
	return write(w, "phone,gender,birthday,city,joined,home_store,sms_opt_in", n, func(b []byte, i uint64) []byte {
		b = append(padded(append(b, "+86139"...), i, 8), ',')
		switch u := fraction(i, 1); {
		case u < 0.7:
			b = append(b, "female"...)
		case u < 0.96:
			b = append(b, "male"...)
		}
		b = append(b, ',')
		if fraction(i, 2) < 0.8 {
			b = born.AddDate(0, 0, int(rounded(fraction(i, 3)*19000))).AppendFormat(b, "2006-01-02")
		}
		b = strconv.AppendUint(append(b, ",city"...), hash(i+2)%300, 10)
		b = opened.Add(time.Duration(rounded(fraction(i, 4)*240_000_000))*time.Second).AppendFormat(append(b, ','), "2006-01-02 15:04:05")
		b = append(padded(append(b, ",S"...), hash(i+5)%Stores, 4), ',')
		switch u := fraction(i, 6); {
		case u < 0.68:
			b = append(b, "true"...)
		case u < 0.9:
			b = append(b, "false"...)
		}
		return b
	})
}

// WriteOrders writes the file of n orders of that many members: phone, order_id, at, store, channel, category, amount,
// discount.
func WriteOrders(w io.Writer, members, n int64) error {
	return write(w, "phone,order_id,at,store,channel,category,amount,discount", n, func(b []byte, i uint64) []byte {
		who := min(rounded(math.Pow(fraction(i, 11), 1.7)*float64(members)), members-1)
		b = padded(append(b, "+86139"...), uint64(who), 8)
		b = strconv.AppendUint(append(b, ",O"...), i, 10)
		b = started.Add(time.Duration(rounded(fraction(i, 12)*63_158_400))*time.Second).AppendFormat(append(b, ','), "2006-01-02 15:04:05")
		b = padded(append(b, ",S"...), hash(i+13)%Stores, 4)
		b = append(append(b, ','), channels[hash(i+14)%9]...)
		b = append(append(b, ','), categories[hash(i+15)%8]...)
		b = cents(append(b, ','), 3000+hash(i+16)%120_000)
		discount := uint64(0)
		if hash(i+17)%10 < 4 {
			discount = hash(i+18) % 8000
		}
		return cents(append(b, ','), discount)
	})
}

func cents(b []byte, n uint64) []byte {
	b = append(strconv.AppendUint(b, n/100, 10), '.')
	return padded(b, n%100, 2)
}
