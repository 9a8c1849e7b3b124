package compiler

import "github.com/muster-engine/muster/dsl"

// declareBroken takes in what is known of declarations that could not be read: their names count as declared, and what
// uses them is passed over.
func (c *compilation) declareBroken() {
	for _, f := range c.files {
		c.incomplete = c.incomplete || f.Stopped
		for _, d := range f.Broken {
			c.declareBrokenOne(d)
		}
	}
}

func (c *compilation) declareBrokenOne(d *dsl.BrokenDecl) {
	switch d.Word {
	case "settings":
		c.settingsBroken, c.moneyReported = true, true
		return
	case "member":
		c.incomplete = true
		return
	case "test":
		return
	}
	if d.Name.Text == "" {
		c.incomplete = true
		return
	}
	spaces := map[string]map[string]*symbol{"table": c.tables, "group": c.groups, "source": c.sources, "sync": c.syncs}
	add := func(space map[string]*symbol) {
		if space[d.Name.Text] == nil {
			space[d.Name.Text] = &symbol{word: d.Word, name: d.Name.Text, at: d.Name.At, index: -1, broken: true}
		}
	}
	switch space, ok := spaces[d.Word]; {
	case ok:
		add(space)
	case d.Word == "":
		add(c.names)
		for _, space := range spaces {
			add(space)
		}
	default:
		add(c.names)
	}
}
