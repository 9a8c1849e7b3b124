package rules_test

import (
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// held is a store with three members, of whom two have a city, a grade and a tag, with an event and a table.
func held() (storage.Schema, storage.Data) {
	m := storage.NewMemory()
	for range 3 {
		m.NewMember()
	}
	for member, grade := range []string{"A", "C"} {
		m.Set("city", uint32(member), column.Text("上海"))
		m.Set("grade", uint32(member), column.Text(grade))
		m.Set("joined", uint32(member), column.Int(20_000))
		m.Set("tag:foot", uint32(member), column.Text("wide"))
	}
	m.AddEvent("order", 1, 5, map[string]column.Value{"amount": column.Int(100), "channel": column.Text("mall")})
	m.AddEvent("order", 1, 6, map[string]column.Value{"channel": column.Text("pos")})
	return storage.Schema{
		Attributes: []storage.FieldSchema{
			{Name: "city", Kind: column.Texts, Logical: "string"},
			{Name: "grade", Kind: column.Texts, Logical: "enum"},
			{Name: "joined", Kind: column.Ints, Logical: "date"},
			{Name: "tag:foot", Kind: column.Texts, Logical: "enum"},
		},
		Events: []storage.EventSchema{{Name: "order", Key: -1, Fields: []storage.FieldSchema{
			{Name: "amount", Kind: column.Ints, Logical: "money"},
			{Name: "channel", Kind: column.Texts, Logical: "enum"},
		}}},
	}, m
}

func TestContradictions(t *testing.T) {
	const settings = `settings { language 1  timezone "UTC"  currency CNY }` + "\n"
	for _, c := range []struct{ name, rules, want string }{
		{
			"the same", `member { phone id  city string  grade enum "C" "B" "A"  joined date }
			event order { amount money  channel enum "mall" "pos" }
			tag foot manual enum "wide" "narrow"`, "",
		},
		{"what only the store knows", `member { phone id }`, ""},
		{"what only the rules know", `member { phone id  height int } event refund { amount money } table shop { code key  city int }`, ""},
		{
			"another kind", `member { phone id  city int }`,
			"r.muster:2:20: M0901 attribute `city` is int in these rules, and 2 members of the store hold it as string",
		},
		{
			"stored alike", `member { phone id  joined time }`,
			"r.muster:2:20: M0901 attribute `joined` is time in these rules, and 2 members of the store hold it as date",
		},
		{
			"money", `member { phone id } event order { amount int }`,
			"M0901 field `order.amount` is int in these rules, and 1 event of the store holds it as money",
		},
		{
			"a lost value", `member { phone id  grade enum "B" "A" } event order { channel enum "shop" }`,
			"M0902 the enum of attribute `grade` has lost values that are in use: 1 member of the store holds \"C\"\n" +
				"M0902 the enum of field `order.channel` has lost values that are in use: 1 event of the store holds \"mall\", 1 event of the store holds \"pos\"",
		},
		{
			"a manual tag", `member { phone id } tag foot manual enum "narrow"`,
			"M0902 the enum of manual tag `foot` has lost values that are in use: 2 members of the store hold \"wide\"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := rules.FromSources([]rules.Source{{Name: "r.muster", Text: settings + c.rules}})
			if set.Program == nil {
				t.Fatal(set.Diags)
			}
			schema, data := held()
			found, err := rules.Contradictions(set.Program, schema, data)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range found {
				if _, ok := diag.Page(d.Code); !ok {
					t.Errorf("%s has no page", d.Code)
				}
				got = append(got, d.Span.String()+": "+d.Code+" "+d.Message)
			}
			want := strings.Split(c.want, "\n")
			if c.want == "" {
				want = nil
			}
			if len(got) != len(want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			for i := range want {
				if !strings.HasSuffix(got[i], want[i]) {
					t.Errorf("got %q, want it to end in %q", got[i], want[i])
				}
			}
		})
	}
}

// TestPages fills a store under the mended rules of each page with the first value of every enum, and a text for every
// string: the wrong rules contradict it with the code of the page, the mended ones do not.
func TestPages(t *testing.T) {
	for _, code := range []string{"M0901", "M0902"} {
		page, _ := diag.Page(code)
		program := func(language string) *ir.Program {
			_, text, _ := strings.Cut(page, "\n```"+language+"\n")
			text, _, _ = strings.Cut(text, "```")
			set := rules.FromSources([]rules.Source{{Name: code, Text: text}})
			if len(set.Diags) > 0 {
				t.Fatalf("%s: %v", code, set.Diags)
			}
			return set.Program
		}
		wrong, mended := program("muster-wrong"), program("muster")
		data := storage.NewMemory()
		data.NewMember()
		var schema storage.Schema
		for _, a := range mended.Attributes {
			text := "x"
			switch {
			case a.Type.Enum != nil:
				text = a.Type.Enum.Values[0]
			case a.Type.Kind != ir.String:
				continue
			}
			data.Set(a.Name, 0, column.Text(text))
			schema.Attributes = append(schema.Attributes, storage.FieldSchema{Name: a.Name, Kind: column.Texts, Logical: a.Type.String()})
		}
		if found, err := rules.Contradictions(wrong, schema, data); err != nil || len(found) != 1 || found[0].Code != code {
			t.Errorf("%s is not raised: %v %v", code, found, err)
		}
		if found, err := rules.Contradictions(mended, schema, data); err != nil || len(found) > 0 {
			t.Errorf("%s: the mended rules contradict: %v %v", code, found, err)
		}
	}
}
