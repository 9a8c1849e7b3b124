package identity

import (
	"reflect"
	"testing"
)

// people is who has which single-valued ids: attribute 0 (a phone) and 2 (a card) are single, 1 and 3 are many.
type people map[uint32]map[int]string

func (people) Attributes() int           { return 4 }
func (people) Single(attribute int) bool { return attribute%2 == 0 }
func (p people) Holds(m uint32, a int) (string, bool, error) {
	text, ok := p[m][a]
	return text, ok, nil
}

func fresh(attribute int, text string) Claim { return Claim{Attribute: attribute, Text: text} }
func known(attribute int, text string, m uint32) Claim {
	return Claim{Attribute: attribute, Text: text, Known: true, Member: m}
}
func digest(attribute int, m uint32) Claim {
	return Claim{Attribute: attribute, Digest: true, Known: true, Member: m}
}

func TestResolve(t *testing.T) {
	who := people{3: {0: "p3"}, 5: {2: "c5"}, 7: {}, 8: {0: "p8", 2: "c8"}, 9: {0: "p9"}}
	cases := []struct {
		name   string
		claims []Claim
		want   Decision
	}{
		{"no id at all", nil, Decision{Nobody: true}},
		{"a digest that nobody has", []Claim{{Attribute: 0, Digest: true}}, Decision{Nobody: true}},
		{"an unknown digest beside a new id", []Claim{{Attribute: 0, Digest: true}, fresh(1, "u")}, Decision{New: true, Attach: []int{1}}},
		{"one new id", []Claim{fresh(0, "p")}, Decision{New: true, Attach: []int{0}}},
		{"a new id twice", []Claim{fresh(1, "u"), fresh(1, "u")}, Decision{New: true, Attach: []int{0}}},
		{"several new ids of an attribute of many", []Claim{fresh(1, "u"), fresh(1, "v")}, Decision{New: true, Attach: []int{0, 1}}},
		{"one member", []Claim{known(0, "p3", 3)}, Decision{Member: 3}},
		{"number 0 is a member", []Claim{known(1, "u", 0)}, Decision{Member: 0}},
		{"one member by two ids", []Claim{known(1, "u", 3), known(0, "p3", 3)}, Decision{Member: 3}},
		{"a new id for a member", []Claim{known(1, "u", 3), fresh(2, "c")}, Decision{Member: 3, Attach: []int{1}}},
		{"two members become one", []Claim{known(2, "c5", 5), known(0, "p3", 3)}, Decision{Member: 3, Absorbed: []uint32{5}}},
		{"three members and a new id", []Claim{known(2, "c5", 5), known(1, "u", 7), fresh(3, "x"), known(0, "p3", 3)},
			Decision{Member: 3, Absorbed: []uint32{5, 7}, Attach: []int{2}}},
		{"by a digest", []Claim{digest(0, 3), known(1, "u", 7)}, Decision{Member: 3, Absorbed: []uint32{7}}},
		{"two phones: the phone decides", []Claim{known(1, "u", 8), known(0, "p3", 3)},
			Decision{Member: 3, Conflict: &Conflict{Attribute: 0, Others: []uint32{8}}}},
		{"two phones behind other ids", []Claim{known(3, "x", 8), known(1, "u", 9)},
			Decision{Member: 9, Conflict: &Conflict{Attribute: 0, Others: []uint32{8}}}},
		{"two cards, one of them new", []Claim{known(0, "p8", 8), fresh(2, "c")},
			Decision{Member: 8, Conflict: &Conflict{Attribute: 2}}},
		{"a new phone beside the id of somebody with another", []Claim{known(1, "u", 9), fresh(0, "p"), fresh(1, "v"), fresh(2, "c")},
			Decision{New: true, Attach: []int{1, 2, 3}, Conflict: &Conflict{Attribute: 0, Others: []uint32{9}}}},
		{"two new phones", []Claim{fresh(0, "p"), fresh(0, "q"), fresh(1, "u")},
			Decision{New: true, Attach: []int{0, 2}, Conflict: &Conflict{Attribute: 0}}},
		{"the third does not fit, so nobody merges", []Claim{known(0, "p3", 3), known(1, "u", 7), known(1, "v", 9)},
			Decision{Member: 3, Conflict: &Conflict{Attribute: 0, Others: []uint32{7, 9}}}},
		{"a digest decides like the id", []Claim{known(1, "u", 9), digest(0, 3)},
			Decision{Member: 3, Conflict: &Conflict{Attribute: 0, Others: []uint32{9}}}},
		{"a conflict is of the attribute declared first", []Claim{known(3, "x", 8), known(0, "p3", 3), fresh(2, "c")},
			Decision{Member: 3, Attach: []int{2}, Conflict: &Conflict{Attribute: 0, Others: []uint32{8}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Resolve(c.claims, who)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Absorbed) == 0 {
				got.Absorbed = nil
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v %+v\nwant %+v %+v", got, got.Conflict, c.want, c.want.Conflict)
			}
		})
	}
}
