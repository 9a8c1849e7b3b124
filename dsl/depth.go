package dsl

import "sort"

// depth knows where a text is nested too deep for a recursive reader, whichever token it starts from. It is built in one
// pass, so that asking for every declaration of a broken file stays cheap.
type depth struct {
	level  []int32           // brackets opened less brackets closed, up to and including each token
	opened map[int32][]int32 // the tokens that open a bracket, by the level that they lead to
	runs   []int32           // the tokens at which more than MaxNesting signs and nots stand in a row
}

func depthOf(tokens []Token) *depth {
	d := &depth{level: make([]int32, len(tokens)), opened: map[int32][]int32{}}
	level, run := int32(0), 0
	for i, t := range tokens {
		prefix := false
		switch {
		case t.Kind == Punct && (t.Text == "(" || t.Text == "{"):
			level++
			d.opened[level] = append(d.opened[level], int32(i))
		case t.Kind == Punct && (t.Text == ")" || t.Text == "}"):
			level--
		case t.Kind == Punct && t.Text == "-", t.Kind == Reserved && t.Text == "not":
			prefix = true
		}
		d.level[i] = level
		if run++; !prefix {
			run = 0
		}
		if run == MaxNesting+1 {
			d.runs = append(d.runs, int32(i))
		}
	}
	return d
}

// limit returns the first token at which a reader that starts at token i would be nested too deep, or the last token of
// the file. A reader cannot pass a closing bracket without its opening one, so that levels below the first do not occur.
func (d *depth) limit(i int) int {
	base := int32(0)
	if i > 0 {
		base = d.level[i-1]
	}
	end := firstFrom(d.opened[base+MaxNesting+1], i, len(d.level)-1)
	return firstFrom(d.runs, i, end)
}

// firstFrom is the first of some ascending tokens from token i on, or end if that comes first.
func firstFrom(tokens []int32, i, end int) int {
	n := sort.Search(len(tokens), func(n int) bool { return int(tokens[n]) >= i })
	if n < len(tokens) {
		return min(int(tokens[n]), end)
	}
	return end
}
