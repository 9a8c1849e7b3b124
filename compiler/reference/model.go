package reference

import (
	"time"

	"github.com/muster-engine/muster/dsl"
)

// Model is a rule set that has been read. It is not safe for concurrent use.
type Model struct {
	zone      *time.Location
	weekStart time.Weekday
	digits    int // minor digits of the currency

	attributes map[string]typ
	tables     map[string]*fields
	events     map[string]*fields
	lists      map[string]bool
	tags       map[string]*dsl.Tag
	segments   map[string]*dsl.Segment

	types map[dsl.Expr]typ // what typeOf has found
	open  map[string]bool  // tags whose type is being found
}

// fields are the columns of a table or the fields of an event.
type fields struct {
	name     string
	key      string // the key column or field; empty if there is none
	types    map[string]typ
	computed map[string]dsl.Expr
}

// New reads the declarations of a rule set. It fails on what leaves nothing to evaluate: a name declared twice, an
// unknown timezone, a type that is none.
func New(files []*dsl.RuleFile) (_ *Model, err error) {
	defer catch(&err)
	m := &Model{
		zone:       time.UTC,
		weekStart:  time.Monday,
		digits:     2,
		attributes: map[string]typ{},
		tables:     map[string]*fields{},
		events:     map[string]*fields{},
		lists:      map[string]bool{},
		tags:       map[string]*dsl.Tag{},
		segments:   map[string]*dsl.Segment{},
		types:      map[dsl.Expr]typ{},
		open:       map[string]bool{},
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			m.declare(decl)
		}
	}
	return m, nil
}

func (m *Model) declare(decl dsl.Decl) {
	switch d := decl.(type) {
	case *dsl.Settings:
		m.set(d)
	case *dsl.Member:
		for _, a := range d.Attributes {
			m.unused(a.Name)
			m.attributes[a.Name.Text] = attributeType(a)
		}
	case *dsl.Table:
		if m.tables[d.Name.Text] != nil {
			panic(faultf("table %s is declared twice", d.Name.Text))
		}
		m.tables[d.Name.Text] = readFields(d.Name.Text, d.Columns)
	case *dsl.Event:
		m.unused(d.Name)
		e := readFields(d.Name.Text, d.Fields)
		e.types["at"] = typ{shape: shapeTime}
		e.types["day"] = typ{shape: shapeDate}
		m.events[d.Name.Text] = e
	case *dsl.List:
		m.unused(d.Name)
		m.lists[d.Name.Text] = true
	case *dsl.Tag:
		m.unused(d.Name)
		m.tags[d.Name.Text] = d
	case *dsl.Segment:
		m.unused(d.Name)
		m.segments[d.Name.Text] = d
	}
}

func (m *Model) set(d *dsl.Settings) {
	if d.Timezone != nil {
		zone, err := time.LoadLocation(d.Timezone.Value)
		if err != nil {
			panic(faultf("timezone %q is unknown", d.Timezone.Value))
		}
		m.zone = zone
	}
	if d.Currency != nil {
		m.digits = minorDigits(d.Currency.Text)
	}
	if d.Week != nil && d.Week.Text == "sunday" {
		m.weekStart = time.Sunday
	}
}

// unused raises a fault if the name is taken: attributes, events, lists, tags and segments share one namespace.
func (m *Model) unused(n dsl.Name) {
	_, attribute := m.attributes[n.Text]
	if attribute || m.events[n.Text] != nil || m.lists[n.Text] || m.tags[n.Text] != nil || m.segments[n.Text] != nil {
		panic(faultf("%s is declared twice", n.Text))
	}
}

func attributeType(a *dsl.Attribute) typ {
	switch {
	case a.ID == nil:
		return declared(a.Type)
	case a.ID.Many:
		return typ{shape: shapeSet}
	}
	return typ{shape: shapeString}
}

func readFields(name string, list []*dsl.Field) *fields {
	fs := &fields{name: name, types: map[string]typ{}, computed: map[string]dsl.Expr{}}
	for _, f := range list {
		if f.Key {
			fs.key = f.Name.Text
			fs.types[f.Name.Text] = typ{shape: shapeString}
			continue
		}
		fs.types[f.Name.Text] = declared(f.Type)
		if f.Expr != nil {
			fs.computed[f.Name.Text] = f.Expr
		}
	}
	return fs
}

// minorDigits is how many digits the minor unit of a currency has, by ISO 4217.
func minorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}
