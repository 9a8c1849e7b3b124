package exprplan

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/ir"
)

func containsText(a, b string) bool                   { return strings.Contains(a, b) }
func startsWith(a, b string) bool                     { return strings.HasPrefix(a, b) }
func endsWith(a, b string) bool                       { return strings.HasSuffix(a, b) }
func hasMatch(a string, r *regexp.Regexp) bool        { return r.MatchString(a) }
func oneOf(v any, alternatives *constants) bool       { return (*alternatives)[v] }
func lower(s string) (string, bool)                   { return strings.ToLower(s), true }
func length(s string) (int64, bool)                   { return int64(utf8.RuneCountInString(s)), true }
func enumMap(ordinal int64, m *[]int64) (int64, bool) { return (*m)[ordinal], true }

// hasMember asks whether a text is in a set, which is in ascending order.
func hasMember(set []string, text string) bool {
	_, found := slices.BinarySearch(set, text)
	return found
}

func enumText(ordinal int64, e *ir.EnumType) (string, bool) {
	if ordinal < 0 || ordinal >= int64(len(e.Values)) {
		return "", false
	}
	return e.Values[ordinal], true
}

// bucket is how many of the ascending bounds are not above v.
func bucket(v any, bounds *[]any) (int64, bool) {
	return int64(sort.Search(len(*bounds), func(i int) bool { return compare((*bounds)[i], v) > 0 })), true
}
