package ingest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-engine/muster/runtime/ingest/csv"
)

// BenchmarkMap reads, parses and maps rows like those of the benchmark's orders, on one goroutine, into encoded rows that
// nobody takes.
func BenchmarkMap(b *testing.B) {
	p := compileRules(b, benchRules)
	source := sourceOf(b, p, "orders")
	plan, err := newPlan(p, source, nil)
	if err != nil {
		b.Fatal(err)
	}
	st := newStore(b)
	bulk, err := st.BeginBulk(Options{}.Bulk)
	if err != nil {
		b.Fatal(err)
	}
	defer bulk.Abort()
	a, err := newApplier(plan, bulk, &rejects{}, 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("phone,order_id,at,store,channel,category,amount,discount\n")
	const rows = 200_000
	for i := range rows {
		fmt.Fprintf(&text, "+86139%08d,O%d,2026-%02d-%02d %02d:%02d:%02d,S%04d,%s,%s,%d.%02d,0.00\n", i*7919%100_000_000, i,
			i%12+1, i%28+1, i%24, i%60, i*7%60, i%3000, []string{"pos", "mall", "tmall", "jd", "douyin"}[i%5],
			[]string{"boots", "sandals", "heels", "sneakers", "bags", "kids"}[i%6], i%2000, i%100)
	}
	data := []byte(text.String())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		in, err := openInput("-", bytes.NewReader(data), "")
		if err != nil {
			b.Fatal(err)
		}
		l, err := plan.newLayout(in, &Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		pipe := &pipeline{in: in, layout: l, chunk: csv.MaxRecord, mappers: []*batchMapper{newBatchMapper(plan, l, a.encoder())}, apply: func(b *batch) error {
			n += len(b.rows)
			return nil
		}}
		if err := pipe.run(b.Context()); err != nil || n != rows {
			b.Fatal(err, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
