package workload_test

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"testing"

	"github.com/muster-engine/muster/runtime/workload"
)

// TestBytes holds the generator to the digests of the files that the SQL side of the benchmark makes at 100,000 members
// and 500,000 orders.
func TestBytes(t *testing.T) {
	for _, c := range []struct {
		name, digest string
		write        func(io.Writer) error
	}{
		{"stores", "cea3cc7dfd9e4ad709602d0de51130ad", workload.WriteStores},
		{"members", "c91f7fdc2cad1a064f5999fc1707156f", func(w io.Writer) error { return workload.WriteMembers(w, 100_000) }},
		{"orders", "dd0311303fddbc2c700b0a08c2abcf5e", func(w io.Writer) error { return workload.WriteOrders(w, 100_000, 500_000) }},
	} {
		sum := md5.New()
		if err := c.write(sum); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != c.digest {
			t.Errorf("%s: digest %s, want %s", c.name, got, c.digest)
		}
	}
}
