// Package dsl reads the Muster language: tokens, grammar, tree.
//
// [Parse] turns one [diag.File] into a [RuleFile] and diagnostics; it reports every independent syntax error and keeps
// the declarations that are sound. [ParseExpr] does the same for one expression typed at a prompt. The tree knows no
// meaning: names are not resolved, types are not checked (that is package compiler). Sub-package diag holds positions
// and diagnostics, sub-package format the formatter, which works on tokens and changes white space only.
package dsl
