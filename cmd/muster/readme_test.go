package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReadme runs the tour of the README: it writes the files of blocks marked `file NAME` and runs every line of
// console blocks that begins with `$ `. What the commands print, on either stream, must be what the block shows, with
// times masked. MUSTER_UPDATE=1 writes what they print into the README.
func TestReadme(t *testing.T) { runTour(t, filepath.Join("..", "..", "README.md"), 8) }

// runTour runs the tour of a document, which has at least so many commands.
func runTour(t *testing.T, name string, atLeast int) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	tour := readTour(string(text))
	if len(tour.commands) < atLeast {
		t.Fatalf("found %d commands: the blocks are not where this test looks", len(tour.commands))
	}
	dir := t.TempDir()
	script := filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".md")+".txtar")
	if err := os.WriteFile(script, []byte(tour.script()), 0o666); err != nil {
		t.Fatal(err)
	}
	got := make(map[int]string)
	t.Cleanup(func() { // the script runs beside others, after this function
		if os.Getenv("MUSTER_UPDATE") != "" && !t.Failed() {
			if err := os.WriteFile(name, []byte(tour.updated(got)), 0o666); err != nil {
				t.Error(err)
			}
		}
	})
	testscript.Run(t, testscript.Params{
		Files: []string{script},
		Setup: setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"try": func(ts *testscript.TestScript, _ bool, args []string) {
				_ = ts.Exec(args[0], args[1:]...) // its status is not what the tour is about
			},
			"prints": func(ts *testscript.TestScript, _ bool, args []string) {
				command := tour.commands[atoi(args[0])]
				printed := ts.ReadFile("stdout") + ts.ReadFile("stderr")
				got[command.line] = printed
				if os.Getenv("MUSTER_UPDATE") == "" && string(mask([]byte(printed))) != string(mask([]byte(command.output))) {
					ts.Fatalf("%s:%d: %s\nprints:\n%s\nshown:\n%s", filepath.Base(name), command.line, command.text, printed, command.output)
				}
			},
		},
	})
}

// tour is the README cut into lines, files and commands.
type tour struct {
	lines    []string
	files    [][2]string
	commands []tourCommand
}

// tourCommand is a line `$ …` and what is shown below it.
type tourCommand struct {
	line         int // from 1
	text, output string
	outputLines  int
}

func readTour(text string) *tour {
	t := &tour{lines: strings.Split(text, "\n")}
	block := ""
	for i, line := range t.lines {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && block == "":
			block = fence
			if file, ok := strings.CutPrefix(fence, "file "); ok {
				t.files = append(t.files, [2]string{file, ""})
			}
		case isFence:
			block = ""
		case strings.HasPrefix(block, "file "):
			t.files[len(t.files)-1][1] += line + "\n"
		case block == "console":
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				t.commands = append(t.commands, tourCommand{line: i + 1, text: command})
				continue
			}
			last := &t.commands[len(t.commands)-1]
			last.output += line + "\n"
			last.outputLines++
		}
	}
	return t
}

// script runs every command, whatever its status, and compares what it prints.
func (t *tour) script() string {
	var b strings.Builder
	for i, c := range t.commands {
		fmt.Fprintf(&b, "try %s\nprints %d\n", c.text, i)
	}
	for _, f := range t.files {
		fmt.Fprintf(&b, "-- %s --\n%s", f[0], f[1])
	}
	return b.String()
}

// updated is the README with what the commands printed.
func (t *tour) updated(got map[int]string) string {
	var out []string
	next := 0
	for i := 0; i < len(t.lines); i++ {
		out = append(out, t.lines[i])
		if next < len(t.commands) && t.commands[next].line == i+1 {
			if printed := strings.TrimSuffix(got[i+1], "\n"); printed != "" {
				out = append(out, strings.Split(printed, "\n")...)
			}
			i += t.commands[next].outputLines
			next++
		}
	}
	return strings.Join(out, "\n")
}

func atoi(text string) (n int) {
	fmt.Sscan(text, &n)
	return n
}
