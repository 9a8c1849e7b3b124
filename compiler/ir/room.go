package ir

// Room is memory for values that are all given up at once. It is for one goroutine; nil gives memory of its own each time.
type Room struct {
	values []Value
	used   int
	asked  int // since the last reset
}

// mostRoom is how many values a room keeps for the next time.
const mostRoom = 1 << 16

// Take returns so many unknown values, which are the caller's until the room is reset.
func (r *Room) Take(n int) []Value {
	if r == nil {
		return make([]Value, n)
	}
	r.asked += n
	if n > len(r.values)-r.used {
		if r.used > 0 || n > mostRoom { // what is in use stays where it is; there is more room after a reset
			return make([]Value, n)
		}
		r.values = make([]Value, max(n, 256))
	}
	out := r.values[r.used : r.used+n : r.used+n]
	r.used += n
	return out
}

// Reset gives up all that was taken.
func (r *Room) Reset() {
	clear(r.values[:r.used])
	if want := min(r.asked, mostRoom); want > len(r.values) {
		r.values = make([]Value, min(2*want, mostRoom))
	}
	r.used, r.asked = 0, 0
}
