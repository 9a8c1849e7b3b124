package runtime

import "github.com/muster-engine/muster/compiler/exprplan"

// World is what all members of the view share at an instant that need not be the view's, for evaluating members one at a
// time: the cuts of the program's ntiles are those of the view. Reading a table of it may panic, for [vector.Catch].
func (v *View) World(now int64) *exprplan.World {
	world := *v.at.Load().world
	world.Now = now
	return &world
}
