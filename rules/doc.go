// Package rules turns rule files into a program.
//
// A rule set is a directory tree of .muster files, or one file. [Load] reads one from disk, [LoadFS] from any file
// system, [FromSources] from texts that were kept elsewhere, such as those that a store remembers. Each returns a [Set]:
// the files, the program compiled from them, and every finding. A set whose findings hold an error has no program; who
// asks for one keeps what was in force before.
//
// Sub-package packs holds the starter rules, sub-package testrun runs the tests that rule files declare.
package rules
