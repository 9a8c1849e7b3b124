// Package calendar is civil time for rules: local dates in a timezone with clock changes, clamped months, periods, and
// the windows of aggregates as intervals of instants.
//
// Instants are microseconds since 1970-01-01T00:00:00Z, dates are days since 1970-01-01; both are int64. A [Zone] is a
// timezone with its clock changes; it is immutable and safe for concurrent use.
package calendar

import "time"

// Zone is a timezone of the IANA database.
type Zone struct {
	loc *time.Location
}
