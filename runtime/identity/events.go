package identity

// History tells how to read the events of one type.
type History[E any] struct {
	At  func(E) int64
	Key func(E) string // "" without a key
}

// Merge returns the events of two members in order of time; of those at the same instant the survivor's come first, and
// of each in the order in which they were. Of a key that both have the survivor's event counts; the absorbed member's are
// the doubles.
func (h History[E]) Merge(survivor, absorbed []E) (merged, doubles []E) {
	has := make(map[string]bool, len(survivor))
	for _, e := range survivor {
		if key := h.Key(e); key != "" {
			has[key] = true
		}
	}
	merged = make([]E, 0, len(survivor)+len(absorbed))
	i := 0
	for _, e := range absorbed {
		if key := h.Key(e); key != "" && has[key] {
			doubles = append(doubles, e)
			continue
		}
		for i < len(survivor) && h.At(survivor[i]) <= h.At(e) {
			merged = append(merged, survivor[i])
			i++
		}
		merged = append(merged, e)
	}
	return append(merged, survivor[i:]...), doubles
}

// Split parts the events of a survivor: those that go with the member that is given back, and those that stay. of tells
// whether an event goes. doubles, which come back too, are in order of time.
func (h History[E]) Split(all, doubles []E, of func(E) bool) (stay, going []E) {
	for _, e := range all {
		if !of(e) {
			stay = append(stay, e)
			continue
		}
		for len(doubles) > 0 && h.At(doubles[0]) <= h.At(e) {
			going = append(going, doubles[0])
			doubles = doubles[1:]
		}
		going = append(going, e)
	}
	return stay, append(going, doubles...)
}
