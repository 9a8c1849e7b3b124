package api

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
)

// Right is a set of rights. Admin has the others in it; who may write may not for that reason read.
type Right uint8

const (
	Read Right = 1 << iota
	Write
	Admin
)

// Has reports whether a right is among them.
func (r Right) Has(one Right) bool { return r&one != 0 || r&Admin != 0 }

// String names a right as token files do.
func (r Right) String() string {
	var names []string
	for i, name := range rightNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

var rightNames = [...]string{"read", "write", "admin"}

// Token is who a bearer token stands for.
type Token struct {
	Name   string
	Rights Right
}

// Tokens finds who a token stands for by its SHA-256, so that looking one up tells nothing about the others by its time.
type Tokens map[[sha256.Size]byte]Token

// Add makes a token known.
func (t Tokens) Add(text string, who Token) { t[sha256.Sum256([]byte(text))] = who }

func (t Tokens) find(text string) (Token, bool) {
	who, ok := t[sha256.Sum256([]byte(text))]
	return who, ok
}

// ReadTokens reads a file of tokens, one a line: the token, the name of who has it, and read, write, admin or several of
// them joined by commas. Blank lines and those that begin with # are passed over.
func ReadTokens(in io.Reader) (Tokens, error) {
	tokens := Tokens{}
	lines := bufio.NewScanner(in)
	for no := 1; lines.Scan(); no++ {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
			continue
		case len(fields) != 3:
			return nil, fmt.Errorf("line %d: a line is TOKEN NAME RIGHTS, with RIGHTS such as read,write", no)
		case len(fields[0]) < shortestToken:
			return nil, fmt.Errorf("line %d: the token of %s is too short to be safe; take %d characters or more", no, fields[1], shortestToken)
		}
		who := Token{Name: fields[1]}
		for _, name := range strings.Split(fields[2], ",") {
			right, ok := rightOf(name)
			if !ok {
				return nil, fmt.Errorf("line %d: %q is no right; there are read, write and admin", no, name)
			}
			who.Rights |= right
		}
		if _, twice := tokens.find(fields[0]); twice {
			return nil, fmt.Errorf("line %d: this token stands on an earlier line", no)
		}
		tokens.Add(fields[0], who)
	}
	return tokens, lines.Err()
}

const shortestToken = 16

func rightOf(name string) (Right, bool) {
	for i, n := range rightNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

type nameKey struct{}

// withName keeps the name of who asks.
func withName(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

func nameOf(ctx context.Context) string {
	name, _ := ctx.Value(nameKey{}).(string)
	return name
}
