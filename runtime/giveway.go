package runtime

import goruntime "runtime"

// GiveWay lets those run who wait for the processor that the caller has. A goroutine that does not wait for anything keeps its
// processor for up to ten milliseconds; where every processor is kept so, as they are while garbage is collected, requests
// that are ready do not run, and nobody looks for those that have come over the network. It costs less than a microsecond
// when nobody waits.
func GiveWay() { goruntime.Gosched() }
