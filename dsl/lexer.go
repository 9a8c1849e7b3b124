package dsl

import (
	"io"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/muster-engine/muster/dsl/diag"
)

// definition gives the tokens of [Scan] to the grammar.
type definition struct{}

// Symbols names the token kinds that the grammar refers to.
func (definition) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{
		"EOF": lexer.EOF, "Word": lexer.TokenType(Word), "Reserved": lexer.TokenType(Reserved),
		"Quoted": lexer.TokenType(Quoted), "Int": lexer.TokenType(Int), "Decimal": lexer.TokenType(Decimal),
		"Percent": lexer.TokenType(Percent), "String": lexer.TokenType(String), "Date": lexer.TokenType(Date),
		"Time": lexer.TokenType(Time), "Clock": lexer.TokenType(Clock), "Punct": lexer.TokenType(Punct),
		"Invalid": lexer.TokenType(Invalid), "Infix": infix,
	}
}

// Lex reads a whole text; the parser itself is fed token slices instead.
func (definition) Lex(name string, r io.Reader) (lexer.Lexer, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	tokens, _ := Scan(diag.NewFile(name, string(text)))
	return &tokenReader{tokens: withoutComments(tokens)}, nil
}

// infix is the type that the grammar sees of operators between two operands: it tells them by one comparison.
const infix = lexer.TokenType(Invalid + 1)

func isInfix(t Token) bool {
	if t.Kind != Punct && t.Kind != Reserved {
		return false
	}
	switch t.Text {
	case "+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">=", "??", "and", "or", "between", "contains", "matches":
		return true
	}
	return false
}

// tokenReader hands out a token slice. The Offset of a position is the index of the token in the slice, which leads
// back to its bytes.
type tokenReader struct {
	tokens []Token
	next   int
}

func (r *tokenReader) Next() (lexer.Token, error) {
	i := min(r.next, len(r.tokens)-1)
	r.next++
	t := r.tokens[i]
	pos := lexer.Position{Offset: i}
	switch t.Kind {
	case EndOfFile:
		return lexer.EOFToken(pos), nil
	case Invalid:
		return lexer.Token{Type: lexer.TokenType(Invalid), Value: "\x00", Pos: pos}, nil
	}
	kind := lexer.TokenType(t.Kind)
	if isInfix(t) {
		kind = infix
	}
	return lexer.Token{Type: kind, Value: t.Text, Pos: pos}, nil
}

func withoutComments(tokens []Token) []Token {
	kept := make([]Token, 0, len(tokens))
	for _, t := range tokens {
		if t.Kind != Comment {
			kept = append(kept, t)
		}
	}
	return kept
}
