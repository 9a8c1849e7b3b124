package live

import (
	"cmp"
	"sync"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/runtime/programme"
)

// Turns of different members have nothing to do with each other but for the stamps and codes that are dealt out, so that
// two run at once: those of members with even numbers on one side, with a conductor of their own, those of members with odd
// numbers on the other.
const sides = 2

func side(number uint32) int { return int(number % sides) }

// manyTurns are worth a goroutine for the other side.
const manyTurns = 8

// conductorOf is the conductor for the turns of a member.
func (e *Engine) conductorOf(number uint32) *programme.Conductor { return e.conductors[side(number)] }

// worldOf is what a member is conducted in.
func (g *group) worldOf(number uint32) *exprplan.World {
	world := &g.worlds[side(number)]
	if *world == nil {
		*world = g.view.World(g.now)
	}
	return *world
}

// bySides runs f for each member, in their order on each side. f may use what is of the member or of its side, and what can
// be read by both; it is given the member's place.
func (g *group) bySides(members []*member, f func(i int, m *member) error) error {
	one := func(of int) error {
		for i, m := range members {
			if side(m.number) != of {
				continue
			}
			if err := f(i, m); err != nil {
				return err
			}
		}
		return nil
	}
	if len(members) < manyTurns || g.scarce(len(members)) { // else who comes first would be chance
		return steered(func() error {
			for i, m := range members {
				if err := f(i, m); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var other error
	var beside sync.WaitGroup
	beside.Go(func() { other = steered(func() error { return one(1) }) })
	first := steered(func() error { return one(0) })
	beside.Wait()
	return cmp.Or(first, other)
}
