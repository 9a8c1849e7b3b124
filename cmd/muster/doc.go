// Command muster checks rule files, imports what members did, and answers which members a rule selects.
//
// Run is the whole program as a function. Each command is one file: its options, its flags, and the function that does
// the work; what several commands show alike (tables, bars, values, times) lies in files named show_*.go. Commands get
// the outside world (streams, environment, clock) from [world], so tests hold all of it.
package main
