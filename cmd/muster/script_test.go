package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptClock is the system's clock in scripts: it starts anew with each command, and shows a millisecond more each
// time that it is asked.
func scriptClock() func() time.Time {
	now := time.Date(2026, 6, 1, 2, 30, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"muster": func() {
			os.Exit(run(os.Args[1:], world{
				in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv,
				now: scriptClock(), name: "muster",
			}))
		},
		"curl": func() { os.Exit(curl(os.Args[1:])) },
	})
}

// curl does what documents use the program of that name for: curl [-s] [-f] [-X METHOD] [-H HEADER]... [-d DATA] URL.
func curl(args []string) int {
	method, target, data := "", "", ""
	header := http.Header{}
	for i := 0; i < len(args); i++ {
		value := func() string {
			if i++; i < len(args) {
				return args[i]
			}
			return ""
		}
		switch args[i] {
		case "-s", "-f":
		case "-X":
			method = value()
		case "-d":
			data = value()
		case "-H":
			name, text, _ := strings.Cut(value(), ":")
			header.Add(name, strings.TrimSpace(text))
		default:
			target = args[i]
		}
	}
	switch {
	case method == "" && data != "":
		method = "POST"
	case method == "":
		method = "GET"
	}
	r, err := http.NewRequest(method, target, strings.NewReader(data))
	if err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		return 2
	}
	r.Header = header
	if data != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		return 7
	}
	defer res.Body.Close()
	if _, err := io.Copy(os.Stdout, res.Body); err != nil {
		return 18
	}
	return 0
}

// TestScripts runs the scripts of testdata/scripts through the real commands. MUSTER_UPDATE=1 writes what the commands
// print into the scripts.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "scripts"),
		Setup:               setupScript,
		Cmds:                scriptCommands,
		UpdateScripts:       os.Getenv("MUSTER_UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func setupScript(env *testscript.Env) error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	env.Setenv("ROOT", root)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("NO_COLOR", "")
	env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector's second at the end of each of a hundred processes
	port, err := freePort()
	if err != nil {
		return err
	}
	env.Setenv("PORT", port)
	for _, name := range []string{"MUSTER_RULES", "MUSTER_STORE", "MUSTER_SERVER", "MUSTER_TOKEN"} {
		env.Setenv(name, "")
	}
	return nil
}

// scriptCommands are what scripts have besides testscript's own: mask FROM TO replaces times that were measured by T, and
// the spaces that line them up by two, so that a golden file can be compared; note NAME REGEXP sets a variable to what of
// the last output matches.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"await": await,
	"post":  post,
	"note": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: note NAME REGEXP")
		}
		found := regexp.MustCompile(args[1]).FindString(ts.ReadFile("stdout"))
		if found == "" {
			ts.Fatalf("the output has nothing like %s", args[1])
		}
		ts.Setenv(args[0], found)
	},
	"mask": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: mask FROM TO")
		}
		text := ts.ReadFile(args[0])
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), gaps.ReplaceAll(mask([]byte(text)), []byte("$1  ")), 0o666))
	},
}

// freePort is a port of this machine that nobody listens at.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// await waits until a server answers well at a URL, with a body that matches: await URL [REGEXP].
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: await URL [REGEXP]")
	}
	want := regexp.MustCompile(strings.Join(args[1:], ""))
	last := "nobody answers"
	for range 3000 {
		if res, err := http.Get(args[0]); err == nil {
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err == nil && res.StatusCode == http.StatusOK && want.Match(body) {
				return
			}
			last = string(body)
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("waited in vain for %s: %s", args[0], last)
}

// post sends a file to $MUSTER_SERVER and prints the answer: post PATH FILE.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: post PATH FILE")
	}
	res, err := http.Post(ts.Getenv("MUSTER_SERVER")+args[0], "application/x-ndjson", strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Stdout().Write(body)
	if (res.StatusCode >= 300) != neg {
		ts.Fatalf("status %d: %s", res.StatusCode, body)
	}
}

var gaps = regexp.MustCompile(`(\S) {2,}`)

// couponCode is a code of a coupon, which nobody can guess.
var couponCode = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{16}\b`)

var measured = regexp.MustCompile(` *\b[0-9]+(\.[0-9]+)? (µs|ms|s)\b|"took_(ms|us)":[0-9.]+`)

func mask(text []byte) []byte {
	text = couponCode.ReplaceAll(text, []byte("CODE"))
	return measured.ReplaceAllFunc(text, func(m []byte) []byte {
		if i := bytes.IndexByte(m, ':'); i >= 0 {
			return append(append([]byte{}, m[:i+1]...), 'T')
		}
		return []byte(" T")
	})
}
