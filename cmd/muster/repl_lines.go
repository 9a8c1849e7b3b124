package main

import (
	"bufio"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/ergochat/readline"
)

// lineSource gives a prompt its lines.
type lineSource interface {
	// line reads a line; more is set where it continues an entry. The error is io.EOF at the end, errInterrupted where
	// the entry was given up.
	line(more bool) (string, error)
	// remember adds an entry to the history.
	remember(entry string)
	close()
}

var errInterrupted = errors.New("interrupted")

// newLines edits lines on a terminal, and just reads them from anything else.
func (a *app) newLines(p *prompt) (lineSource, error) {
	if !terminal(a.in) || !terminal(a.out) {
		scanner := bufio.NewScanner(a.in)
		scanner.Buffer(nil, 1<<20)
		return &plainLines{scanner}, nil
	}
	config := &readline.Config{
		Prompt:                 "> ",
		HistoryLimit:           1000,
		DisableAutoSaveHistory: true,
		AutoComplete:           completer{p},
		Undo:                   true,
	}
	if home := a.env("HOME"); home != "" {
		config.HistoryFile = filepath.Join(home, ".muster_history")
	}
	editor, err := readline.NewFromConfig(config)
	if err != nil {
		return nil, err
	}
	return &editedLines{editor}, nil
}

type plainLines struct{ scanner *bufio.Scanner }

func (l *plainLines) line(bool) (string, error) {
	if !l.scanner.Scan() {
		if err := l.scanner.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
	return l.scanner.Text(), nil
}

func (l *plainLines) remember(string) {}
func (l *plainLines) close()          {}

type editedLines struct{ editor *readline.Instance }

func (l *editedLines) line(more bool) (string, error) {
	prompt := "> "
	if more {
		prompt = "… "
	}
	l.editor.SetPrompt(prompt)
	text, err := l.editor.ReadLine()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", errInterrupted
	}
	return text, err
}

func (l *editedLines) remember(entry string) { _ = l.editor.SaveToHistory(entry) }
func (l *editedLines) close()                { l.editor.Close() }

// readExpression reads an entry, which goes on over lines while it is plainly not complete. An empty line ends it.
func readExpression(lines lineSource) (string, error) {
	var parts []string
	for {
		text, err := lines.line(len(parts) > 0)
		if err != nil {
			if errors.Is(err, io.EOF) && len(parts) > 0 {
				return strings.Join(parts, " "), nil
			}
			return "", err
		}
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "//") && len(parts) == 0 {
			return strings.Join(parts, " "), nil
		}
		parts = append(parts, text)
		entry := strings.Join(parts, " ")
		if strings.HasPrefix(entry, ":") || !goesOn(entry) {
			return entry, nil
		}
	}
}

// goesOn reports whether something must follow: a parenthesis is open, or the last word or sign asks for more.
func goesOn(entry string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(entry); i++ {
		switch c := entry[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	if quoted {
		return false // a string ends on its line: let the reader say so
	}
	if depth > 0 {
		return true
	}
	last := entry
	if i := strings.LastIndexFunc(entry, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
		last = entry[i+1:]
	}
	switch last {
	case "and", "or", "not", "in", "is", "between", "contains", "with", "matches", "when", "then", "else", "where", "since", "before", "by":
		return true
	}
	return last == "" && strings.ContainsAny(entry[len(entry)-1:], "=<>+-*/,?")
}
