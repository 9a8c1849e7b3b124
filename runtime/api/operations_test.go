package api

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/operations.md names every metric, and none that is not there; and every limit as it is.
func TestOperationsNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(muster_[a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		named = append(named, m[1])
	}
	f := newFixture(t, nil)
	f.seed()
	families, err := f.server.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, family := range families {
		there = append(there, family.GetName())
	}
	if slices.Sort(named); !slices.Equal(named, there) {
		t.Errorf("the document names %v, the server has %v", named, there)
	}
	var l Limits
	l.fill()
	for what, is := range map[string]bool{
		"| a body, unpacked | 16 MiB |":                     l.MaxBody == 16<<20,
		"| a line of it | 1 MiB |":                          l.MaxLine == 1<<20,
		"| lines of a batch | 20,000 |":                     l.MaxInputs == 20_000,
		"| ids of an upload to a list | 1,000,000 |":        l.MaxIDs == 1_000_000,
		"| all bodies being read at once | 256 MiB |":       l.MaxBuffer == 256<<20,
		"| questions answered at once | 16 |":               l.MaxQueries == 16,
		"| time for a question | 30 s |":                    l.QueryTime.Seconds() == 30,
		"| wait of a batch for room in the queue | 2 s |":   l.QueueTime.Seconds() == 2,
		"| long polls, streams and backups at once | 256 |": l.MaxStreams == 256,
		"| wait of a long poll | 60 s |":                    l.MaxWait.Seconds() == 60,
	} {
		if !is || !strings.Contains(string(text), what) {
			t.Errorf("%s does not stand in the document, or is not so", what)
		}
	}
}
