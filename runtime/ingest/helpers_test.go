package ingest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// compileRules compiles a rule set that has no errors.
func compileRules(t testing.TB, text string) *ir.Program {
	t.Helper()
	file, diags := dsl.Parse(diag.NewFile("rules.muster", text))
	p, more := compiler.Compile([]*dsl.RuleFile{file})
	for _, d := range append(diags, more...) {
		if d.Severity == diag.Error {
			t.Fatalf("%s: %s: %s", d.Span, d.Code, d.Message)
		}
	}
	return p
}

func sourceOf(t testing.TB, p *ir.Program, name string) *ir.Source {
	t.Helper()
	i := slices.IndexFunc(p.Sources, func(s *ir.Source) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no source %s", name)
	}
	return p.Sources[i]
}

func newStore(t testing.TB) *storage.Store {
	t.Helper()
	st, err := storage.Open(filepath.Join(t.TempDir(), "shop.muster"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// importFiles runs an import that must succeed.
func importFiles(t testing.TB, opt Options) Result {
	t.Helper()
	r, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// event is an event as read back, fields by name.
type event struct {
	member int
	at     int64
	fields map[string]string
}

// eventsIn lists the events of a type with the fields that are known.
func eventsIn(t testing.TB, st *storage.Store, name string) []event {
	t.Helper()
	sn := st.Snapshot()
	schema := sn.Schema()
	var out []event
	for block := 0; block<<16 < int(sn.Members()); block++ {
		h, err := sn.History(name, block)
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			continue
		}
		at, err := h.At()
		if err != nil {
			t.Fatal(err)
		}
		columns := map[string]*column.Column{}
		for _, f := range schema.Event(name).Fields {
			if columns[f.Name], err = h.Field(f.Name); err != nil {
				t.Fatal(err)
			}
		}
		starts := h.Starts()
		for m := 0; m+1 < len(starts); m++ {
			for i := int(starts[m]); i < int(starts[m+1]); i++ {
				e := event{block<<16 + m, at.Int(i), map[string]string{}}
				for name, c := range columns {
					if v := c.Value(i); v.Kind != 0 {
						e.fields[name] = v.String()
					}
				}
				out = append(out, e)
			}
		}
	}
	return out
}

// attributesIn lists what is known of each member.
func attributesIn(t testing.TB, st *storage.Store) []map[string]string {
	t.Helper()
	sn := st.Snapshot()
	out := make([]map[string]string, sn.Members())
	for m := range out {
		out[m] = map[string]string{}
		for _, a := range sn.Schema().Attributes {
			c, err := sn.Attribute(a.Name, m>>16)
			if err != nil {
				t.Fatal(err)
			}
			if v := c.Value(m & 0xffff); v.Kind != 0 {
				out[m][a.Name] = v.String()
			}
		}
	}
	return out
}
