// Package dsl reads the Muster language: tokens, grammar, tree.
//
// [Parse] turns one [diag.File] into a [RuleFile] and diagnostics; it reports every independent syntax error and keeps
// the declarations that are sound. [ParseExpr] does the same for one expression typed at a prompt. The tree knows no
// meaning: names are not resolved, types are not checked (that is package compiler). Sub-package diag holds positions
// and diagnostics, sub-package format the formatter, which works on tokens and changes white space only.
//
// A text passes through three steps. [Scan] cuts it into tokens by hand: dates, spans of digits, full-width characters
// and broken text get their own diagnostics there, and scanning never stops. A participle grammar then reads one
// declaration after another. It is lenient: what a declaration needs is optional in it, so that it never fails and its
// own messages are never shown. The converter walks what the grammar read, asks for what is missing, and builds the
// tree; operators are put in their order of strength there. After an error, reading goes on at the next line that looks
// like the start of a declaration; what is known of the broken one is kept in [RuleFile.Broken], so that later passes
// do not report the echoes.
//
// Whatever stands in a text, reading it takes bounded time and memory: see [MaxFile] and the constants beside it.
//
// Words are keywords only where the grammar asks for them, but for the few reserved ones; see [IsReserved].
package dsl
