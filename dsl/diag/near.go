package diag

import "strings"

// Near returns the candidate that a misspelt name most likely meant, and whether there is one. Near are: the same but
// for case; the same but for a few letters left out, added, replaced or swapped with their neighbour, fewer in short
// names. Of equally near candidates the earlier one wins; a candidate equal to the name is not near.
func Near(name string, candidates []string) (string, bool) {
	word := []rune(name)
	best, bestCost := "", len(word)
	if limit := tolerance(len(word)); limit < bestCost {
		bestCost = limit + 1
	}
	if len(word) > longestName {
		return "", false
	}
	for _, candidate := range candidates {
		if candidate == name {
			continue
		}
		if strings.EqualFold(candidate, name) {
			if bestCost > 0 {
				best, bestCost = candidate, 0
			}
			continue
		}
		other := []rune(candidate)
		if abs(len(other)-len(word)) >= bestCost || len(other) > longestName {
			continue
		}
		if cost := max(1, distance(fold(word), fold(other))); cost < bestCost && cost <= tolerance(len(other)) {
			best, bestCost = candidate, cost
		}
	}
	return best, best != ""
}

// longestName bounds the work of one comparison.
const longestName = 64

// tolerance is how many edits a word of n characters may be away.
func tolerance(n int) int {
	switch {
	case n <= 1:
		return 0
	case n <= 4:
		return 1
	case n <= 8:
		return 2
	}
	return 3
}

func fold(word []rune) []rune { return []rune(strings.ToLower(string(word))) }

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that lead from a to b, where no
// letter is touched twice.
func distance(a, b []rune) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		next[0] = i + 1
		for j, rb := range b {
			cost := row[j]
			if ra != rb {
				cost = 1 + min(row[j], row[j+1], next[j])
			}
			if i > 0 && j > 0 && ra == b[j-1] && a[i-1] == rb {
				cost = min(cost, before[j-1]+1)
			}
			next[j+1] = cost
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
