package ingest

// wordSet is a set of texts that is asked again and again.
type wordSet struct {
	few  []string        // where there are few, comparing is quicker
	many map[string]bool // otherwise
}

const fewWords = 8

func newWordSet(words []string) *wordSet {
	if len(words) <= fewWords {
		return &wordSet{few: words}
	}
	s := &wordSet{many: make(map[string]bool, len(words))}
	for _, w := range words {
		s.many[w] = true
	}
	return s
}

// has reports whether a text is in the set.
func (s *wordSet) has(text []byte) bool {
	if s.many != nil {
		return s.many[string(text)]
	}
	for _, w := range s.few {
		if string(text) == w {
			return true
		}
	}
	return false
}
