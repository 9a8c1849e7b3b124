package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets whose width is at most 1/64 of the duration; below 64 µs it is a microsecond. The
// zero value is empty. It is for one goroutine.
type Histogram struct {
	counts [64 * 40]int64 // up to about 18 hours; what is longer counts as that
	total  int64
	max    time.Duration
}

const subBuckets = 64

// bucketOf returns the bucket of a number of microseconds.
func bucketOf(us uint64) int {
	if us < 2*subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - 7 // keeps the seven highest bits
	return shift*subBuckets + int(us>>shift)
}

// upperOf is the largest number of microseconds in a bucket.
func upperOf(bucket int) uint64 {
	if bucket < 2*subBuckets {
		return uint64(bucket)
	}
	shift := bucket/subBuckets - 1
	return (uint64(bucket-shift*subBuckets)+1)<<shift - 1
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	h.counts[min(bucketOf(uint64(max(0, d.Microseconds()))), len(h.counts)-1)]++
	h.total++
	h.max = max(h.max, d)
}

// Merge adds what another has counted.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
	h.max = max(h.max, o.max)
}

// Count is how many durations were added.
func (h *Histogram) Count() int64 { return h.total }

// Max is the longest duration.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is the duration that a share q of those counted do not exceed, too long by at most 1/64; 0 of none.
func (h *Histogram) Quantile(q float64) time.Duration {
	want := int64(q * float64(h.total))
	seen := int64(0)
	for i, n := range h.counts {
		if seen += n; n > 0 && (seen > want || seen == h.total) {
			return min(h.max, time.Duration(upperOf(i))*time.Microsecond)
		}
	}
	return 0
}
