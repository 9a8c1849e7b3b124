package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// A server that is killed leaves inputs in the journal; the next command puts them into the columns.
func TestWhatAKilledServerLeftIsTakenIn(t *testing.T) {
	dir := t.TempDir()
	ruleFile, path := filepath.Join(dir, "shop.muster"), filepath.Join(dir, "store")
	text := `settings { language 1  timezone "UTC"  currency CNY }
member { phone id }
event order { order_id key  amount money }
segment buyers = has(order)
`
	if err := os.WriteFile(ruleFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(path, storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	prog := rules.FromSources([]rules.Source{{Name: "shop.muster", Text: text}}).Program
	now := scriptClock()
	engine, err := live.Open(context.Background(), live.Options{
		Store: store, Program: prog, System: func() int64 { return now().UnixMicro() }, CheckpointMembers: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Submit(context.Background(), []live.Input{{
		Kind: live.Event, Type: "order", IDs: []live.ID{{Attribute: "phone", Text: "1"}}, Key: "A",
		Values: map[string]column.Value{"order_id": column.Text("A")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	engine.Close() // without a checkpoint, as if killed
	store.Close()
	for _, c := range []struct{ args, want string }{
		{"status", "journal  2 entries that are not in the columns yet"},
		{"query buyers --format csv", "1,1"},
		{"status", "journal  empty"},
		{"verify", "no difference"},
	} {
		var out, errs bytes.Buffer
		args := append(strings.Fields(c.args), "--store", path, "--rules", ruleFile)
		status := run(args, world{in: &bytes.Buffer{}, out: &out, err: &errs, env: func(string) string { return "" }, now: scriptClock(), name: "muster"})
		if status != 0 || !strings.Contains(out.String(), c.want) {
			t.Fatalf("%s: status %d\n%s%s", c.args, status, out.String(), errs.String())
		}
	}
}
