// Package csv reads comma separated values in bulk: the dialect of encoding/csv (fields that begin with a double quote
// may hold the delimiter, line ends and doubled quotes), cut into chunks of whole records that can be parsed side by
// side.
//
// A [Cutter] reads the input once and hands out chunks that end where a record ends. A [Reader] walks the records of a
// chunk without allocating. Both follow the same rules on malformed input, so they agree on where a record ends whatever
// the bytes are: a quote opens a quoted field only at the start of a field; after the closing quote anything but the
// delimiter or a line end spoils that record and no other; a quote that is never closed, or a record beyond the length of
// a chunk, costs the lines up to the one at fault, and reading goes on behind them.
//
// As in encoding/csv, \r\n counts as \n (inside quotes too), blank lines are no records, and one \r before the end of the
// input is dropped.
package csv
