package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage/column"
)

// input is what an import brings, in a form that both a bulk import and a Memory take.
type input struct {
	members int // created before anything else
	events  []inputEvent
	values  []inputValue
	ids     []inputID
	table   *Table
}

type inputEvent struct {
	event  string
	member uint32
	at     int64
	fields map[string]column.Value
}

type inputValue struct {
	member uint32
	name   string
	value  column.Value // unknown clears
}

type inputID struct {
	name   string
	text   string
	member uint32
}

var (
	testEvents = []EventSchema{
		{"order", []FieldSchema{
			{"order_id", column.Texts, "key"}, {"amount", column.Ints, "money"}, {"category", column.Texts, "string"},
			{"weight", column.Floats, "number"}, {"labels", column.Sets, "set of string"},
		}, 0},
		{"visit", []FieldSchema{{"page", column.Texts, "string"}}, -1},
	}
	testAttributes = []FieldSchema{
		{"city", column.Texts, "string"}, {"joined", column.Ints, "time"}, {"score", column.Floats, "number"},
		{"hobbies", column.Sets, "set of string"},
	}
	testIDs    = []IDSchema{{"phone", false, "id"}, {"union_id", true, "id many"}}
	testTables = TableSchema{"store", []FieldSchema{{"region", column.Texts, "string"}, {"size", column.Ints, "int"}}}
)

// randomInput makes rows for a state that has some members already. Members are spread over blocks sparsely, keys repeat.
func randomInput(r *rand.Rand, have, rows int) *input {
	in := &input{members: r.IntN(3)}
	if have == 0 {
		in.members += 1 + r.IntN(500)
		if r.IntN(4) == 0 {
			in.members += column.Block
		}
	}
	total := have + in.members
	few := make([]uint32, 1+r.IntN(20))
	for i := range few {
		few[i] = uint32(r.IntN(total))
	}
	pick := func() uint32 {
		if r.IntN(10) == 0 {
			return uint32(r.IntN(total))
		}
		return few[r.IntN(len(few))]
	}
	word := func(n int) string { return fmt.Sprintf("w%d", r.IntN(n)) }
	set := func() column.Value {
		var texts []string
		for range r.IntN(4) {
			texts = append(texts, word(5))
		}
		return column.Set(texts...)
	}
	for range r.IntN(rows + 1) {
		e := inputEvent{event: "order", member: pick(), at: int64(r.IntN(50)) * 1_000_000, fields: map[string]column.Value{}}
		if r.IntN(4) == 0 {
			e.event = "visit"
			if r.IntN(5) > 0 {
				e.fields["page"] = column.Text(word(1000))
			}
			in.events = append(in.events, e)
			continue
		}
		if r.IntN(20) > 0 {
			e.fields["order_id"] = column.Text(word(3 * rows))
		}
		if r.IntN(5) > 0 {
			e.fields["amount"] = column.Int(r.Int64N(1_000_000) - 1000)
		}
		if r.IntN(3) > 0 {
			e.fields["category"] = column.Text(word(4))
		}
		if r.IntN(3) > 0 {
			e.fields["weight"] = column.Float(r.Float64())
		}
		if r.IntN(3) > 0 {
			e.fields["labels"] = set()
		}
		in.events = append(in.events, e)
	}
	for range r.IntN(rows/2 + 1) {
		f := testAttributes[r.IntN(len(testAttributes))]
		v := inputValue{member: pick(), name: f.Name}
		if r.IntN(6) > 0 {
			switch f.Kind {
			case column.Ints:
				v.value = column.Int(r.Int64())
			case column.Floats:
				v.value = column.Float(r.NormFloat64())
			case column.Texts:
				v.value = column.Text(word(100))
			case column.Sets:
				v.value = set()
			}
		}
		in.values = append(in.values, v)
	}
	for range r.IntN(rows/2 + 1) {
		id := testIDs[r.IntN(2)].Name
		in.ids = append(in.ids, inputID{id, fmt.Sprintf("+86%d", r.IntN(1_000_000)), pick()})
	}
	if r.IntN(2) == 0 {
		in.table = &Table{Name: "store", Columns: map[string]*column.Column{}}
		region, size := column.NewBuilder(column.Texts, 0), column.NewBuilder(column.Ints, 0)
		for i := range r.IntN(200) {
			in.table.Keys = append(in.table.Keys, fmt.Sprintf("S%d", i))
			region.AppendText(word(3))
			size.AppendInt(r.Int64N(100))
		}
		in.table.Columns["region"], in.table.Columns["size"] = region.Column(), size.Column()
	}
	return in
}

// model is a Memory that drops what has a key already, as a store does.
type model struct {
	*Memory
	keys map[string]bool
	ids  map[string]uint32
}

func newModel() *model { return &model{NewMemory(), map[string]bool{}, map[string]uint32{}} }

func (m *model) take(in *input) (accepted, duplicates map[string]int64) {
	accepted, duplicates = map[string]int64{}, map[string]int64{}
	for range in.members {
		m.NewMember()
	}
	for _, e := range in.events {
		if key := e.fields["order_id"]; key.Kind != 0 {
			k := fmt.Sprint(e.event, e.member, " ", key.Text)
			if m.keys[k] {
				duplicates[e.event]++
				continue
			}
			m.keys[k] = true
		}
		accepted[e.event]++
		m.AddEvent(e.event, e.member, e.at, e.fields)
	}
	for _, v := range in.values {
		m.Set(v.name, v.member, v.value)
	}
	for _, id := range in.ids {
		m.ids[id.name+id.text] = id.member
		if id.name == "phone" {
			m.Set(id.name, id.member, column.Text(id.text))
			continue
		}
		old, _ := m.Attribute(id.name, int(id.member>>16))
		m.Set(id.name, id.member, column.Set(append(old.Value(int(id.member&0xffff)).Set, id.text)...))
	}
	if in.table != nil {
		m.PutTable(in.table)
	}
	return accepted, duplicates
}

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func encode(e *RowEncoder, schema []FieldSchema, values map[string]column.Value) []byte {
	e.Reset()
	for i, f := range schema {
		v := values[f.Name]
		switch v.Kind {
		case column.Ints:
			e.Int(i, v.Int)
		case column.Floats:
			e.Float(i, v.Float)
		case column.Texts:
			e.Text(i, []byte(v.Text))
		case column.Sets:
			var texts [][]byte
			for k := range v.Set {
				texts = append(texts, []byte(v.Set[len(v.Set)-1-k]))
			}
			e.Set(i, texts)
		}
	}
	return e.Bytes()
}

// stageInput gives an input to a bulk import.
func stageInput(t fataler, b *Bulk, in *input) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for range in.members {
		b.NewMember()
	}
	events := map[string]*BulkEvents{}
	for _, schema := range testEvents {
		e, err := b.Events(schema)
		must(err)
		events[schema.Name] = e
	}
	for _, e := range in.events {
		for _, schema := range testEvents {
			if schema.Name == e.event {
				must(events[e.event].Append(e.member, e.at, encode(events[e.event].Encoder(), schema.Fields, e.fields)))
			}
		}
	}
	attributes, err := b.Attributes(testAttributes)
	must(err)
	row := attributes.Encoder()
	for _, v := range in.values {
		encode(row, testAttributes, map[string]column.Value{v.name: v.value})
		if v.value.Kind == 0 {
			for i, f := range testAttributes {
				if f.Name == v.name {
					row.Clear(i)
				}
			}
		}
		must(attributes.Append(v.member, row.Bytes()))
	}
	for _, id := range in.ids {
		for _, schema := range testIDs {
			if schema.Name == id.name {
				ids, err := b.IDs(schema)
				must(err)
				must(ids.Put([]byte(id.text), id.member))
			}
		}
	}
	if in.table != nil {
		must(b.ReplaceTable(in.table, testTables))
	}
}

func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "members.muster"), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func expectSame(t fataler, a, b Described) {
	t.Helper()
	d, err := Diff(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if d != "" {
		t.Fatalf("they differ: %s", d)
	}
}

func TestAStoreShowsWhatWasImported(t *testing.T) {
	dir := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		path := filepath.Join(dir, fmt.Sprint(round))
		s, err := Open(path, Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { s.Close() }()
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		want := newModel()
		for range rapid.IntRange(1, 4).Draw(t, "imports") {
			in := randomInput(r, int(want.Members()), 300)
			limit := rapid.SampledFrom([]int64{0, 1, 5000}).Draw(t, "memory")
			b, err := s.BeginBulk(BulkOptions{MemoryLimit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(t, "abort") == 0 {
				stageInput(t, b, in)
				b.Abort()
				expectSame(t, s.Snapshot(), want)
				continue
			}
			stageInput(t, b, in)
			accepted, duplicates := want.take(in)
			result, err := b.Commit(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for event, c := range result.Events {
				if c.Accepted != accepted[event] || c.Duplicates != duplicates[event] {
					t.Fatalf("%s: %+v, want %d and %d", event, c, accepted[event], duplicates[event])
				}
			}
			expectSame(t, s.Snapshot(), want)
			if rapid.Bool().Draw(t, "open again") {
				s.Close()
				if s, err = Open(path, Options{}); err != nil {
					t.Fatal(err)
				}
				expectSame(t, s.Snapshot(), want)
			}
		}
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Abort()
		for _, schema := range testIDs {
			if _, err := b.IDs(schema); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"+860", "+8699999"} {
			if _, ok := b.ids["phone"].Lookup([]byte(id)); ok != hasPhone(want, id) {
				t.Fatalf("id %s is found: %t", id, ok)
			}
		}
	})
}

// hasPhone looks an id up in the model's columns.
func hasPhone(m *model, id string) bool {
	for block := range blocksOf(m.Members()) {
		c, _ := m.Attribute("phone", block)
		for i := range membersOfBlock(m.Members(), block) {
			if c.Value(i).Text == id {
				return true
			}
		}
	}
	return false
}

func TestEventsAreInOrderOfTimeThenArrival(t *testing.T) {
	s := newStore(t)
	add := func(from int, times ...int64) {
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if b.Members() == 0 {
			b.NewMember()
		}
		e, err := b.Events(EventSchema{"visit", []FieldSchema{{"n", column.Ints, "int"}}, -1})
		if err != nil {
			t.Fatal(err)
		}
		row := e.Encoder()
		for i, at := range times {
			row.Reset()
			row.Int(0, int64(from+i))
			if err := e.Append(0, at, row.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Commit(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
	add(0, 5, 1, 5, 3)
	add(10, 3, 5, 1, 9)
	h, err := s.Snapshot().History("visit", 0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Field("n")
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for i := range c.Len {
		got = append(got, c.Int(i))
	}
	if fmt.Sprint(got) != "[1 12 3 10 0 2 11 13]" {
		t.Fatalf("events are in the order %v", got)
	}
}

func TestAFieldThatIsNewIsUnknownBefore(t *testing.T) {
	s := newStore(t)
	for i, fields := range [][]FieldSchema{
		{{"a", column.Ints, "int"}},
		{{"b", column.Texts, "string"}, {"a", column.Ints, "int"}},
	} {
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			b.NewMember()
		}
		e, err := b.Events(EventSchema{"visit", fields, -1})
		if err != nil {
			t.Fatal(err)
		}
		row := e.Encoder()
		row.Reset()
		for k, f := range fields {
			if f.Name == "a" {
				row.Int(k, int64(i))
			} else {
				row.Text(k, []byte("new"))
			}
		}
		e.Append(0, int64(i), row.Bytes())
		if _, err := b.Commit(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
	h, _ := s.Snapshot().History("visit", 0)
	a, errA := h.Field("a")
	b, errB := h.Field("b")
	if errA != nil || errB != nil || a.Int(0) != 0 || a.Int(1) != 1 || b.IsKnown(0) || b.Text(1) != "new" {
		t.Fatal("fields are mixed up", errA, errB)
	}
}

func TestAContradictingSchemaIsRefused(t *testing.T) {
	s := newStore(t)
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.NewMember()
	stageInput(t, b, &input{})
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	b, err = s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Abort()
	_, err = b.Events(EventSchema{"order", []FieldSchema{{"amount", column.Texts, "string"}}, -1})
	expectError(t, err, `field "amount" of event "order" is stored as money and cannot become string`)
	_, err = b.Attributes([]FieldSchema{{"city", column.Ints, "date"}})
	expectError(t, err, `attribute "city" is stored as string and cannot become date`)
	_, err = b.Events(EventSchema{"order", []FieldSchema{{"category", column.Texts, "string"}}, 0})
	expectError(t, err, `the key of event "order" is stored as "order_id" and cannot become "category"`)
}

func expectError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestAnIDCanBeSetAsAnAttribute(t *testing.T) {
	s := newStore(t)
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := b.IDs(testIDs[0])
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := b.Attributes([]FieldSchema{{"phone", column.Texts, "id"}})
	if err != nil {
		t.Fatal(err)
	}
	row := attributes.Encoder()
	for i, text := range []string{"1", "2"} {
		if err := ids.Put([]byte(text), b.NewMember()); err != nil {
			t.Fatal(err)
		}
		row.Reset()
		row.Text(0, []byte("9"))
		if i == 1 {
			if err := attributes.Append(1, row.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]uint32{"1": 0, "9": 1} {
		if m, ok, err := s.FindMember("phone", []byte(id)); m != want || !ok || err != nil {
			t.Errorf("id %s is of member %d (%t, %v)", id, m, ok, err)
		}
	}
	if _, ok, _ := s.FindMember("phone", []byte("2")); ok {
		t.Error("an id that was replaced is still found")
	}
}

func TestNothingElseIsWrittenDuringABulkImport(t *testing.T) {
	s := newStore(t)
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.BeginBulk(BulkOptions{}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second import: %v", err)
	}
	if err := s.PutList("vips", roaring.New()); !errors.Is(err, ErrBusy) {
		t.Errorf("a list: %v", err)
	}
	b.Abort()
	if err := s.PutList("vips", roaring.New()); err != nil {
		t.Errorf("after the import: %v", err)
	}
}

func TestAnImportDeletesTheTemporaryFileOfAKilledOne(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	left, others := filepath.Join(dir, ".muster-import-123"), filepath.Join(dir, "orders.csv")
	for _, path := range []string{left, others} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.BeginBulk(BulkOptions{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	b.Abort()
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s: %v", left, err)
	}
	if _, err := os.Stat(others); err != nil {
		t.Error(err)
	}
}

func TestACancelledImportLeavesTheStoreAsItWas(t *testing.T) {
	s := newStore(t)
	r := rand.New(rand.NewPCG(7, 7))
	want := newModel()
	first := randomInput(r, 0, 500)
	want.take(first)
	b, _ := s.BeginBulk(BulkOptions{})
	stageInput(t, b, first)
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	b, _ = s.BeginBulk(BulkOptions{})
	stageInput(t, b, randomInput(r, int(want.Members()), 500))
	ctx, cancel := context.WithCancel(context.Background())
	_, err := b.Commit(ctx, func(done, total int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	expectSame(t, s.Snapshot(), want)
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestIDsAreFoundAmongMany(t *testing.T) {
	ids := newIDs()
	const n = 50_000
	text := func(i int) []byte { return fmt.Appendf(nil, "%0*d", 1+i%40, i) }
	want := map[string]uint32{}
	for i := range n {
		ids.index(text(i), uint32(i))
		want[string(text(i))] = uint32(i)
	}
	if ids.Len() != len(want) {
		t.Fatalf("%d ids, want %d", ids.Len(), len(want))
	}
	for k, v := range want {
		if got, ok := ids.Lookup([]byte(k)); !ok || got != v {
			t.Fatalf("id %s belongs to %d (%t), want %d", k, got, ok, v)
		}
	}
	if _, ok := ids.Lookup([]byte("nobody")); ok {
		t.Fatal("an id is found that was never put")
	}
}
