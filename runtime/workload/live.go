package workload

import (
	_ "embed"
	"math"
	"strconv"
	"time"
)

//go:embed segments.muster
var segments string

//go:embed programme.muster
var programme string

// LiveRules are the benchmark's rules with the 30 segments that are live while events arrive.
var LiveRules = Rules + segments

// LoyaltyRules are LiveRules with a programme of points, tiers, coupons and campaigns, whose messages go to the file
// SinkFile.
var LoyaltyRules = LiveRules + programme

// SinkFile is where the programme's messages go.
const SinkFile = "load_sms.ndjson"

// AppendEvent appends event i of a stream of orders of a number of members, as an object of JSON without an end of line.
// at is when it is sent. One in a hundred is sent a second time later in the stream, one in fifty happened up to three
// days before, one in two hundred is of a member that the files do not have.
func AppendEvent(b []byte, i uint64, members int64, at time.Time) []byte {
	if i >= repeatAfter && hash(i+30)%100 == 0 {
		i -= repeatAfter
	}
	who := uint64(min(rounded(math.Pow(fraction(i, 31), 1.7)*float64(members)), members-1))
	if hash(i+32)%200 == 0 {
		who = uint64(members) + i%newMembers
	}
	if hash(i+33)%50 == 0 {
		at = at.Add(-time.Duration(hash(i+34)%uint64(3*24*time.Hour/time.Second)) * time.Second)
	}
	b = append(b, `{"type":"order","phone":"+86139`...)
	b = padded(b, who, 8)
	b = append(b, `","order_id":"L`...)
	b = strconv.AppendUint(b, i, 10)
	b = append(b, `","at":"`...)
	b = at.AppendFormat(b, time.RFC3339)
	b = append(b, `","store":"S`...)
	b = padded(b, hash(i+35)%Stores, 4)
	b = append(b, `","channel":"`...)
	b = append(b, channels[hash(i+36)%9]...)
	b = append(b, `","category":"`...)
	b = append(b, categories[hash(i+37)%8]...)
	b = append(b, `","amount":`...)
	b = cents(b, 3000+hash(i+38)%120_000)
	b = append(b, `,"discount":`...)
	discount := uint64(0)
	if hash(i+39)%10 < 4 {
		discount = hash(i+40) % 8000
	}
	return append(cents(b, discount), '}')
}

// newMembers bounds the numbers of members that the files do not have.
const newMembers = 40_000_000

// repeatAfter is how many events lie between an event and the same one again.
const repeatAfter = 1000
