// Package effect tells what an edit of rules does to the members there are, before it takes effect.
//
// Compare takes two views of the same members at the same instant, one with the rules in force and one with the edited
// rules, and reports for every segment and tag that the edit adds, removes or gives another meaning who enters, who
// leaves and whose value changes, with a few members as examples and, for each of them, the clause that decides. Rules
// whose meaning is the same (equal hashes) are neither evaluated nor listed.
//
// Facts that are written are rewritten by no edit: points that were earned stay earned, a code keeps its terms, a run the
// version that it began with. What an edit does to points, tiers, coupons and campaigns is therefore shown in three ways:
// which tier the measure of an edited ladder reaches now; what time alone brings up to the next midnight, campaigns that
// begin with existing members included; and what becomes of the last days if members go through them again (package
// replay), by the rules in force and by the edited ones.
//
// A Limit is a bound on such an effect, to be held by a build.
package effect

import (
	"context"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// Status is what an edit does to a rule.
type Status string

const (
	Added   Status = "added"
	Removed Status = "removed"
	// Changed rules are in both sets and mean something else: they may well have the same members.
	Changed Status = "changed"
	// Unchanged rules are listed only if they were asked for.
	Unchanged Status = "unchanged"
)

// Options tunes a comparison. The zero value is right for most uses.
type Options struct {
	// Examples is how many members are shown for each direction of a segment and for each tag: 3 if it is 0, none if it is
	// negative.
	Examples int
	// Count names unchanged rules whose members are to be counted all the same.
	Count []string
	// Replay says how the effect on points, tiers, coupons and campaigns is looked for; nil leaves it out.
	Replay *Replay
}

// Report is the effect of an edit. Segments and Tags come in the order of the edited rules, removed ones last.
type Report struct {
	// Now is the instant of both views, in microseconds.
	Now int64
	// Of is how many live members there are.
	Of       uint64
	Segments []Segment
	Tags     []Tag
	// Same is how many segments and tags mean what they meant.
	Same int
	// Programme is the effect on points, tiers, coupons and campaigns; nil where nothing of them means anything else.
	Programme *Programme
}

// HasEffect reports whether a rule comes or goes, a member's segments or tags change, or a programme does something else.
func (r *Report) HasEffect() bool {
	if r.Programme.HasEffect() {
		return true
	}
	for i := range r.Segments {
		if r.Segments[i].HasEffect() {
			return true
		}
	}
	for i := range r.Tags {
		if r.Tags[i].HasEffect() {
			return true
		}
	}
	return false
}

// Segment is what happens to a segment.
type Segment struct {
	Name, Title       string
	Status            Status
	Before, After     uint64
	Entering, Leaving uint64
	// Enters and Leaves are examples.
	Enters, Leaves []Example
}

// HasEffect reports whether the segment comes, goes, or has other members.
func (s *Segment) HasEffect() bool {
	return s.Status == Added || s.Status == Removed || s.Entering+s.Leaving > 0
}

// Tag is what happens to a tag.
type Tag struct {
	Name, Title string
	Status      Status
	// Old and New are the types; Old is the zero Type of an added tag, New of a removed one.
	Old, New ir.Type
	// Before and After are how many members have a value that is known.
	Before, After uint64
	// Changed is how many members have another value than before, of those for whom it is known before and after.
	Changed uint64
	// Known and Unknown are how many members' values become so.
	Known, Unknown uint64
	// Moves are the commonest changes of a tag with few values, the commonest first; nil for other tags.
	Moves    []Move
	Examples []Example
}

// Touched is how many members have another value, or one where there was none, or none where there was one.
func (t *Tag) Touched() uint64 { return t.Changed + t.Known + t.Unknown }

// HasEffect reports whether the tag comes, goes, or has another value for a member.
func (t *Tag) HasEffect() bool {
	return t.Status == Added || t.Status == Removed || t.Touched() > 0
}

// Move is how many members' values change from one to another.
type Move struct {
	Before, After ir.Value
	Members       uint64
}

// Example is a member to whom something happens.
type Example struct {
	Member uint32
	// Before and After are the values of a tag.
	Before, After ir.Value
	// Clause is what decides; nil where the rule is added or removed.
	Clause *Clause
}

// Compare works out the effect of going from one rule set to another. Both views must be of the same data and stand at
// the same instant.
func Compare(ctx context.Context, before, after *runtime.View, opt Options) (*Report, error) {
	if before.Now() != after.Now() {
		return nil, errors.New("the two rule sets are asked at different times")
	}
	if opt.Examples == 0 {
		opt.Examples = 3
	}
	c := &comparison{ctx: ctx, before: newSide(Before, before), after: newSide(After, after), opt: opt, count: map[string]bool{}}
	for _, name := range opt.Count {
		c.count[name] = true
	}
	of, err := after.Of(ctx)
	if err != nil {
		return nil, err
	}
	c.report = &Report{Now: after.Now(), Of: uint64(of)}
	if err := c.segments(); err != nil {
		return nil, err
	}
	if err := c.tags(); err != nil {
		return nil, err
	}
	if err := c.programme(); err != nil {
		return nil, err
	}
	return c.report, nil
}

type comparison struct {
	ctx           context.Context
	before, after *side
	opt           Options
	count         map[string]bool
	report        *Report
}

// status is what happens to a rule of which at least one side knows the hash.
func status(old, new string) Status {
	switch {
	case old == "":
		return Added
	case new == "":
		return Removed
	case old == new:
		return Unchanged
	}
	return Changed
}

func (c *comparison) segments() error {
	for _, new := range c.after.prog.Segments {
		if err := c.segment(c.before.segments[new.Name], new); err != nil {
			return fmt.Errorf("segment %s: %w", new.Name, err)
		}
	}
	for _, old := range c.before.prog.Segments {
		if c.after.segments[old.Name] == nil {
			if err := c.segment(old, nil); err != nil {
				return fmt.Errorf("segment %s: %w", old.Name, err)
			}
		}
	}
	return nil
}

func (c *comparison) segment(old, new *ir.Segment) error {
	out := Segment{Status: Changed}
	switch {
	case old == nil:
		out.Name, out.Title, out.Status = new.Name, new.Title, Added
	case new == nil:
		out.Name, out.Title, out.Status = old.Name, old.Title, Removed
	default:
		out.Name, out.Title, out.Status = new.Name, new.Title, status(old.Hash, new.Hash)
	}
	if out.Status == Unchanged {
		c.report.Same++
		if !c.count[out.Name] {
			return nil
		}
	}
	was, is := roaring.New(), roaring.New()
	var err error
	if old != nil {
		if was, err = c.before.view.Select(c.ctx, old.Expr); err != nil {
			return err
		}
	}
	switch {
	case out.Status == Unchanged:
		is = was
	case new != nil:
		if is, err = c.after.view.Select(c.ctx, new.Expr); err != nil {
			return err
		}
	}
	enters, leaves := roaring.AndNot(is, was), roaring.AndNot(was, is)
	out.Before, out.After = was.GetCardinality(), is.GetCardinality()
	out.Entering, out.Leaving = enters.GetCardinality(), leaves.GetCardinality()
	for _, direction := range []struct {
		members *roaring.Bitmap
		into    *[]Example
	}{{enters, &out.Enters}, {leaves, &out.Leaves}} {
		for _, m := range first(direction.members, c.opt.Examples) {
			e := Example{Member: m}
			if out.Status == Changed {
				if e.Clause, err = c.whyMember(m, old, new, direction.into == &out.Enters); err != nil {
					return err
				}
			}
			*direction.into = append(*direction.into, e)
		}
	}
	c.report.Segments = append(c.report.Segments, out)
	return nil
}

// first returns the lowest members of a set.
func first(set *roaring.Bitmap, n int) (out []uint32) {
	for it := set.Iterator(); len(out) < n && it.HasNext(); {
		out = append(out, it.Next())
	}
	return out
}
