package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// A whole flash sale, of 20,000 pieces and 200,000 requests.
func TestFlashSale(t *testing.T) {
	if os.Getenv("MUSTER_LONG") == "" {
		t.Skip("takes minutes; set MUSTER_LONG=1")
	}
	var out, failed bytes.Buffer
	status := run([]string{"load", "flash", t.TempDir(), "--format", "json"}, world{
		in: strings.NewReader(""), out: &out, err: &failed, env: os.Getenv, now: time.Now, name: "muster",
	})
	if status != exitFine || !strings.Contains(out.String(), `"issued":20000,`) {
		t.Fatalf("status %d: %s%s", status, out.Bytes(), failed.Bytes())
	}
	t.Log(out.String())
}
