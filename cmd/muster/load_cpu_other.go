//go:build !unix

package main

import "time"

// cpuTime is how long processors have worked for this process; 0 where that is not known.
func cpuTime() time.Duration { return 0 }
