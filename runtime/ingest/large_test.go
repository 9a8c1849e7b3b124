package ingest

import (
	"os"
	"testing"
	"time"
)

// benchRules declare the data of the benchmark.
const benchRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member {
  phone id  gender enum "female" "male"  birthday date  city string  joined time
  home_store store  sms_opt_in bool
}
table store { code key  name string  region enum "east" "south" "north" "west"  grade enum "A" "B" "C" }
event order {
  order_id key  store store  channel enum "pos" "mall" "tmall" "jd" "douyin"
  category string  amount money  discount money
}
source members gives member {
  phone from "phone"  gender from "gender"  birthday from "birthday" format "2006-01-02"  city from "city"
  joined from "joined" format "2006-01-02 15:04:05"  home_store from "home_store"  sms_opt_in from "sms_opt_in"
}
source stores gives store { code from "code"  name from "name"  region from "region"  grade from "grade" }
source orders gives order {
  phone from "phone"  order_id from "order_id"  at from "at" format "2006-01-02 15:04:05"  store from "store"
  channel from "channel"  category from "category"  amount from "amount"  discount from "discount"
}
`

// TestLargeImport imports the file that MUSTER_IMPORT_FILE names with a source of benchRules, MUSTER_IMPORT_SOURCE or
// orders, and prints the time it takes.
func TestLargeImport(t *testing.T) {
	path := os.Getenv("MUSTER_IMPORT_FILE")
	if path == "" {
		t.Skip("MUSTER_IMPORT_FILE is not set")
	}
	p := compileRules(t, benchRules)
	st := newStore(t)
	name := "orders"
	if s := os.Getenv("MUSTER_IMPORT_SOURCE"); s != "" {
		name = s
	}
	start := time.Now()
	var staged time.Duration
	r := importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, name), Files: []string{path}, MaxRejects: -1, Progress: func(p Progress) {
		if p.Committing && staged == 0 {
			staged = time.Since(start)
		}
	}})
	t.Logf("%d rows, %d members, staged in %v, all in %v, store of %d MB", r.Read, r.NewMembers, staged, time.Since(start), st.Size()>>20)
}
