package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal reports whether a stream is an interactive terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colors reports whether to print to w in colour.
func (a *app) colors(w io.Writer) bool {
	return !a.noColor && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" && terminal(w)
}

// style paints text for a terminal; the zero style leaves it plain.
type style struct{ on bool }

func (a *app) style(w io.Writer) style { return style{a.colors(w)} }

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) faint(text string) string  { return s.paint("2", text) }
func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) blue(text string) string   { return s.paint("36", text) }
