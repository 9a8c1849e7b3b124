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
	{"events", "fields have types, which the expressions of computed ones need", (*compilation).readEvents},
	{"facts", "tiers, coupons and cases have values, which are folded from facts", (*compilation).readFacts},
	{"tag types", "groups and the types of manual tags need no expression", (*compilation).readTagHeads},
	{"sources", "mappings need fields and attributes, and nothing needs them", (*compilation).readSources},
	{"computed fields", "before the aggregates that run over them, in the order of dependence; circles are found on the way", (*compilation).lowerComputed},
	{"tags and segments", "each after what it depends on, again", (*compilation).lowerRules},
	{"loyalty", "earns, ladders, coupons and campaigns read tags and segments, and nothing is read from them but facts", (*compilation).lowerLoyalty},
	{"slots", "of the tags and segments as they ended up", (*compilation).collectSlots},
	{"tests", "they speak of all of the above and add nothing to it", (*compilation).readTests},
	{"warnings", "only what is typed can be judged", (*compilation).warn},
	{"hashes", "over the finished program", (*compilation).hash},
}

// Compile makes one program of all files of a rule set. The list holds every independent error and, besides, warnings.
// The program is nil if there is any error, or if package dsl left a part of a file out, which it has reported.
func Compile(files []*dsl.RuleFile) (*ir.Program, diag.List) {
	c := newCompilation(files)
	for _, pass := range passes {
		pass.run(c)
	}
	c.diags.Sort()
	if !c.sound() {
		return nil, c.diags
	}
	return c.program, c.diags
}

// sound tells whether there is a program: no errors, and nothing that could not be read.
func (c *compilation) sound() bool {
	for _, f := range c.files {
		if len(f.Broken) > 0 || f.Stopped {
			return false
		}
	}
	return !c.diags.HasErrors()
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
	points     []*pointsInfo
	tiers      []*tiersInfo
	coupons    []*couponInfo
	cases      []*caseInfo
	sinks      []*sinkInfo
	handovers  []*syncInfo
	campaigns  []*campaignInfo
	events     []*eventInfo
	tags       []*ruleInfo
	segments   []*ruleInfo
	usedGroups map[int]bool

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
	}
}

func (c *compilation) setZone(z *calendar.Zone) {
	c.program.Zone = z
	c.b.zone = z
}

// report adds an error.
func (c *compilation) report(code string, at diag.Span, reading, hint, message string, related ...diag.Related) {
	c.diags.Add(diag.Diagnostic{Code: code, Span: at, Message: message, Reading: reading, Hint: hint, Related: related})
}

// warning adds a warning.
func (c *compilation) warning(code string, at diag.Span, reading, hint, message string, related ...diag.Related) {
	c.diags.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Span: at, Message: message, Reading: reading, Hint: hint, Related: related})
}

// mostHints is up to how many findings near names are looked for: each search goes over all candidates.
const mostHints = 200

// near is a hint that offers a near name, or nothing.
func (c *compilation) near(name string, candidates []string) string {
	if len(c.diags) > mostHints {
		return ""
	}
	if near, ok := diag.Near(name, candidates); ok {
		return "did you mean `" + near + "`?"
	}
	return ""
}

// nearText is near for a text in quotes.
func (c *compilation) nearText(text string, candidates []string) string {
	if len(c.diags) > mostHints {
		return ""
	}
	if near, ok := diag.Near(text, candidates); ok {
		return "did you mean `" + strconv.Quote(near) + "`?"
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
