package rulegen

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler/reference"
)

// Case is a rule set, data, a clock, and questions.
type Case struct {
	Seed uint64
	// Decls are the declarations; a rule set does not care about their order.
	Decls []string
	World *reference.World
	// Now is the clock, CutsAt the instant at which ntile cuts were taken, not after Now; microseconds since 1970.
	Now, CutsAt int64
	// Questions are expressions to be asked ad hoc: conditions and values.
	Questions []string
}

// New makes up the case of a seed.
func New(seed uint64) *Case {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0x6d7573746572))}
	g.settings()
	g.schema()
	g.rules()
	c := &Case{Seed: seed, Decls: g.decls, Now: g.now, CutsAt: g.cutsAt()}
	g.Shuffle(len(c.Decls), func(i, j int) { c.Decls[i], c.Decls[j] = c.Decls[j], c.Decls[i] })
	member := g.memberScope()
	for range 4 {
		c.Questions = append(c.Questions, g.condition(member, 3).text, g.value(member, 3).text)
	}
	c.World = g.world()
	return c
}

// Rules is the text of the rule set.
func (c *Case) Rules() string { return strings.Join(c.Decls, "\n") + "\n" }

// String shows all of the case, for a failing test.
func (c *Case) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "// seed %d\n%s\n// now %s", c.Seed, c.Rules(), utc(c.Now))
	if c.CutsAt != c.Now {
		fmt.Fprintf(&b, ", ntile cuts of %s", utc(c.CutsAt))
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(c.World.Tables)) {
		for _, key := range slices.Sorted(maps.Keys(c.World.Tables[name])) {
			fmt.Fprintf(&b, "// table %s %q%s\n", name, key, values(c.World.Tables[name][key]))
		}
	}
	for _, q := range c.Questions {
		fmt.Fprintf(&b, "// asked: %s\n", q)
	}
	for _, m := range c.World.Members {
		b.WriteString(Describe(m))
	}
	return b.String()
}

// Describe shows one member, each line a comment of the language.
func Describe(m *reference.Member) string {
	var b strings.Builder
	fmt.Fprintf(&b, "// member %d%s", m.Number, values(m.Attributes))
	for _, list := range slices.Sorted(maps.Keys(m.Lists)) {
		fmt.Fprintf(&b, " on %s", list)
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(m.Manual)) {
		fmt.Fprintf(&b, "//   tag %s %s set at %s\n", name, m.Manual[name].Value, utc(m.Manual[name].SetAt))
	}
	for _, e := range m.Events {
		fmt.Fprintf(&b, "//   %s at %s%s\n", e.Type, utc(e.At), values(e.Fields))
	}
	return b.String()
}

func values(named map[string]reference.Value) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if v := named[name]; v.Kind != reference.Unknown {
			fmt.Fprintf(&b, " %s=%s", name, v)
		}
	}
	return b.String()
}

func utc(t int64) string { return time.UnixMicro(t).UTC().Format("2006-01-02T15:04:05.999999Z") }
