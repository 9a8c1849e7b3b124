package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReadme runs the tour of the README: it writes the files of blocks marked `file NAME` and runs every line of
// console blocks that begins with `$ `. What the commands print, on either stream, must be what the block shows, with
// times masked. MUSTER_UPDATE=1 writes what they print into the README.
//
// Of what a shell does, `export NAME=VALUE`, `cp FROM TO`, `COMMAND &` and `kill %1` are understood. A server that is
// started so listens at a port of its own instead of the usual one, and is waited for; so is a new revision of its rules
// after a cp, and a file that cat shows.
func TestReadme(t *testing.T) { runTour(t, filepath.Join("..", "..", "README.md"), 20) }

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
			"await": await,
			"try": func(ts *testscript.TestScript, _ bool, args []string) {
				_ = ts.Exec(args[0], args[1:]...) // its status is not what the tour is about
			},
			"appears": func(ts *testscript.TestScript, _ bool, args []string) {
				for range 1000 { // 20 seconds
					if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			},
			"prints": func(ts *testscript.TestScript, _ bool, args []string) {
				command := tour.commands[atoi(args[0])]
				printed := strings.ReplaceAll(ts.ReadFile("stdout")+ts.ReadFile("stderr"), "127.0.0.1:"+ts.Getenv("PORT"), defaultListen)
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
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	serving, revision := false, 1
	for i, c := range t.commands {
		text := strings.ReplaceAll(c.text, defaultListen, "127.0.0.1:$PORT")
		switch word, rest, _ := strings.Cut(text, " "); {
		case word == "export":
			line("env %s", rest)
		case word == "cp":
			line("%s", text)
			if revision++; serving {
				line(`await http://127.0.0.1:$PORT/v1/rules '"revision":%d,'`, revision)
			}
		case word == "cat":
			line("appears %s\ntry %s\nprints %d", rest, text, i)
		case text == "kill %1":
			line("kill -INT server\nwait server")
		case strings.HasSuffix(text, "&"):
			text, _, _ = strings.Cut(strings.TrimSuffix(text, "&"), "2>")
			line("exec %s --listen 127.0.0.1:$PORT &server&\nawait http://127.0.0.1:$PORT/readyz", strings.TrimSpace(text))
			serving = true
		default:
			line("try %s\nprints %d", text, i)
		}
	}
	for _, f := range t.files {
		line("-- %s --\n%s", f[0], strings.TrimSuffix(f[1], "\n"))
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
