package compiler

import (
	"strconv"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// passes are run in this order, each to its end whatever the others found.
var passes = []struct {
	name string
	why  string
	run  func(*compilation)
}{
	{"declare", "names first: every later pass resolves them, and a broken declaration still has its name", (*compilation).declare},
	{"settings", "the timezone and the currency decide what literals mean", (*compilation).readSettings},
	{"tables", "types may be rows of tables, tables of one another too", (*compilation).readTables},
	{"member", "attributes have types", (*compilation).readMember},
	{"events", "fields have types; computed ones wait until something asks for them", (*compilation).readEvents},
	{"tag types", "groups and the types of manual tags need no expression", (*compilation).readTagHeads},
	{"sources", "mappings need fields and attributes, and nothing needs them", (*compilation).readSources},
	{"computed fields", "those that nothing asked for are checked as well", (*compilation).lowerComputed},
	{"tags and segments", "each when it is first asked for, so in the order of dependence; a circle is found on the way", (*compilation).lowerRules},
	{"slots", "of the tags and segments as they ended up", (*compilation).collectSlots},
	{"tests", "they speak of all of the above and add nothing to it", (*compilation).readTests},
	{"warnings", "only what is typed can be judged", (*compilation).warn},
	{"hashes", "over the finished program", (*compilation).hash},
}

// Compile makes one program of all files of a rule set. The list holds every independent error and, besides, warnings;
// the program is nil if there is any error, in the trees' own text included in what package dsl reported before.
func Compile(files []*dsl.RuleFile) (*ir.Program, diag.List) {
	c := newCompilation(files)
	for _, pass := range passes {
		pass.run(c)
	}
	c.diags.Sort()
	if c.diags.HasErrors() {
		return nil, c.diags
	}
	return c.program, c.diags
}

// compilation is the state that the passes share.
type compilation struct {
	files   []*dsl.RuleFile
	program *ir.Program
	b       *builder
	diags   diag.List

	names   map[string]*symbol // what expressions and declarations call by name
	tables  map[string]*symbol
	groups  map[string]*symbol
	sources map[string]*symbol
	syncs   map[string]*symbol

	decls struct {
		settings *dsl.Settings
		member   *dsl.Member
		tests    []*dsl.Test
	}
	events     []*eventInfo
	tags       []*ruleInfo
	segments   []*ruleInfo
	usedGroups map[int]bool

	// stack holds the declarations being lowered, innermost last, to show a circle.
	stack []step
	// circles are those reported, by the names that take part.
	circles map[string]bool

	// incomplete says that names may be declared in what could not be read: unknown ones are passed over.
	incomplete     bool
	settingsBroken bool
	moneyReported  bool
	lets           map[string]*ir.Query
	roots          []root // every expression that was lowered whole, for the warnings
}

func newCompilation(files []*dsl.RuleFile) *compilation {
	p := &ir.Program{WeekStart: 1, Digits: 2}
	return &compilation{
		files:      files,
		program:    p,
		b:          newBuilder(p),
		names:      map[string]*symbol{},
		tables:     map[string]*symbol{},
		groups:     map[string]*symbol{},
		sources:    map[string]*symbol{},
		syncs:      map[string]*symbol{},
		usedGroups: map[int]bool{},
		circles:    map[string]bool{},
	}
}

func (c *compilation) setZone(z *calendar.Zone) {
	c.program.Zone = z
	c.b.zone = z
}

// state of a declaration that is lowered when it is first asked for.
type state uint8

const (
	waiting state = iota
	inWork
	done
)

// report adds an error.
func (c *compilation) report(code string, at diag.Span, reading, hint, message string, related ...diag.Related) {
	c.diags.Add(diag.Diagnostic{Code: code, Span: at, Message: message, Reading: reading, Hint: hint, Related: related})
}

// warning adds a warning.
func (c *compilation) warning(code string, at diag.Span, reading, hint, message string, related ...diag.Related) {
	c.diags.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Span: at, Message: message, Reading: reading, Hint: hint, Related: related})
}

// didYouMean is a hint that offers a near name, or nothing.
func didYouMean(name string, candidates []string) string {
	if near, ok := diag.Near(name, candidates); ok && near != name {
		return "did you mean `" + near + "`?"
	}
	return ""
}

// didYouMeanText is didYouMean for a text in quotes.
func didYouMeanText(text string, candidates []string) string {
	if near, ok := diag.Near(text, candidates); ok && near != text {
		return "did you mean `" + strconv.Quote(near) + "`?"
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
