package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// FuzzImport reads any bytes as a file, up to where rows would go into a store: no crash, every row either mapped or
// rejected with a reason, and the same rows whatever the number of goroutines.
func FuzzImport(f *testing.F) {
	for _, s := range []string{
		shopHeader + "13800138000,A,2026-01-02 10:00:00,12.50,x\n", shopHeader + "\"a\"b,\",\n,,,,\n", rowsFrom(0, 3),
		`{"user":{"phone":"13800138000"},"id":"1","at":"2026-01-02T10:00:00Z","amount":1}`, "user.phone,id,at,amount\n1,2,3,4\n",
		"\xca\xd6\xbb\xfa,\n", string(gzipped([]byte(rowsFrom(0, 2)))), "\ufeff" + shopHeader, "\xff\xfea\x00",
		"code\tname\nS1\tx\nS1\t\"y\n", `{"code":"1","name":["x"]}` + "\n{}\n[",
	} {
		f.Add([]byte(s))
	}
	p := compileRules(f, shopRules+`
		table store { code key  name string  opened date }
		source stores gives store { code from "code"  name from "name" }
		source people gives member { phone from "user.phone" }`)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		for _, source := range p.Sources {
			plan, err := newPlan(p, source, nil)
			if err != nil {
				t.Fatal(err)
			}
			one, three := readRows(t, plan, data, 1), readRows(t, plan, data, 3)
			if one != three {
				t.Fatalf("one goroutine:\n%s\nthree:\n%s", one, three)
			}
		}
	})
}

// readRows maps all rows of a file and shows what became of each.
func readRows(t *testing.T, p *plan, data []byte, goroutines int) string {
	in, err := openInput("-", strings.NewReader(string(data)), "")
	if err != nil {
		return err.Error()
	}
	l, err := p.newLayout(in, &Options{})
	if err != nil {
		in.Close()
		return err.Error()
	}
	var out strings.Builder
	line := 1
	pipe := &pipeline{in: in, layout: l, chunk: 1 << 10, apply: func(b *batch) error {
		rejected, mapped := 0, 0
		for i := range b.rows {
			r := &b.rows[i]
			fmt.Fprintf(&out, "%d %q: ", line+int(r.line), b.raw(r))
			if r.rejected {
				if b.fault[rejected].String() == "" {
					t.Fatal("rejected without a reason")
				}
				fmt.Fprintln(&out, b.fault[rejected])
				rejected++
				continue
			}
			for _, id := range b.ids[r.idFrom:r.idTo] {
				fmt.Fprintf(&out, "%q ", b.arena[id.from:id.to])
			}
			fmt.Fprintln(&out, r.at, r.hasAt, b.table[mapped])
			mapped++
		}
		if rejected != len(b.fault) || mapped != len(b.table) {
			t.Fatalf("%d rows rejected with %d faults, %d mapped of %d", rejected, len(b.fault), mapped, len(b.table))
		}
		line += b.lines
		return nil
	}}
	for range goroutines {
		pipe.mappers = append(pipe.mappers, newBatchMapper(p, l, nil))
	}
	if err := pipe.run(context.Background()); err != nil {
		fmt.Fprintln(&out, err)
	}
	return out.String()
}
