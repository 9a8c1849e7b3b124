package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/muster-engine/muster/storage/column"
)

// BenchmarkBulkImport imports 200,000 members with an id and a million orders of eight fields into a new store; an
// operation is the whole import, and the metric is the time of an order, staged and committed.
func BenchmarkBulkImport(b *testing.B) {
	const members, orders = 200_000, 1_000_000
	schema := EventSchema{Name: "order"}
	for _, f := range []string{"order_id", "store", "channel", "category"} {
		schema.Fields = append(schema.Fields, FieldSchema{Name: f, Kind: column.Texts})
	}
	for _, f := range []string{"amount", "discount", "quantity", "weight"} {
		schema.Fields = append(schema.Fields, FieldSchema{Name: f, Kind: column.Ints})
	}
	words := make([][]byte, 300)
	for i := range words {
		words[i] = fmt.Appendf(nil, "word %04d", i)
	}
	for b.Loop() {
		s, err := Open(filepath.Join(b.TempDir(), "bench"), Options{Create: true})
		if err != nil {
			b.Fatal(err)
		}
		bulk, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			b.Fatal(err)
		}
		ids, err := bulk.IDs(IDSchema{Name: "phone"})
		if err != nil {
			b.Fatal(err)
		}
		var buf []byte
		for i := range members {
			buf = fmt.Appendf(buf[:0], "+861%010d", i)
			if err := ids.Put(buf, bulk.NewMember()); err != nil {
				b.Fatal(err)
			}
		}
		events, err := bulk.Events(schema)
		if err != nil {
			b.Fatal(err)
		}
		row := events.Encoder()
		r := rand.New(rand.NewPCG(1, 2))
		for i := range orders {
			x := r.Uint64()
			row.Reset()
			buf = strconv.AppendInt(append(buf[:0], 'O'), int64(10_000_000+i), 10)
			row.Text(0, buf)
			row.Text(1, words[x%300])
			row.Text(2, words[x>>10%3])
			row.Text(3, words[x>>20%20])
			row.Int(4, int64(x>>30%100_000))
			if x>>50%3 == 0 {
				row.Int(5, int64(x>>40%10_000))
			}
			row.Int(6, int64(x>>44%10))
			row.Int(7, int64(x>>50%1_000))
			at := int64(1_600_000_000+x>>12%100_000_000) * 1_000_000
			if err := events.Append(uint32(r.IntN(members)), at, row.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := bulk.Commit(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(s.Size())/orders, "bytes/order")
		s.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/orders, "ns/order")
}
