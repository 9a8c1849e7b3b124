package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-engine/muster/storage"
)

// A process that is killed at any moment loses no message, and the next one hands over what is left; those of a member
// arrive in order when each is taken once.
func TestAKilledDelivererLosesNothing(t *testing.T) {
	if path := os.Getenv("MUSTER_DELIVER_CHILD"); path != "" {
		store, err := storage.Open(path, storage.Options{Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		d, err := Start(compile(t, shop), Options{
			Store: store, Clock: fastClock(),
			Setup: Setup{Env: os.Getenv, Dir: filepath.Dir(path), Timeout: 200 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		for {
			states, err := d.States()
			if err != nil {
				t.Fatal(err)
			}
			left := int64(0)
			for _, st := range states {
				left += st.Pending
			}
			if left == 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		d.Stop(context.Background())
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	kills := 5
	if os.Getenv("MUSTER_LONG") != "" {
		kills = 200
	}
	b := newBench(t)
	path := b.store.Path()
	child := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestAKilledDelivererLosesNothing$")
		c.Env = append(os.Environ(), "MUSTER_DELIVER_CHILD="+path)
		for _, name := range []string{"SMS_URL", "SMS_SECRET", "MAIL_URL"} {
			c.Env = append(c.Env, name+"="+b.env(name))
		}
		return c
	}
	reopen := func() {
		t.Helper()
		var err error
		if b.store, err = storage.Open(path, storage.Options{Timeout: 5 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if err := b.store.Verify(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for range kills {
		b.send("sms", 40, 6)
		b.send("ops", 40, 6)
		b.store.Close()
		c := child()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(150 * time.Millisecond))))
		_ = c.Process.Kill()
		_ = c.Wait()
		reopen()
	}
	b.store.Close()
	if out, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	reopen()
	defer b.store.Close()
	inOrder(t, b.sms.got, b.sent["sms"])
	inOrder(t, linesOf(t, filepath.Join(b.dir, "out/ops.ndjson")), b.sent["ops"])
	for _, sink := range []string{"sms", "ops"} {
		if st := b.state(sink); st.Pending+st.Dead+st.Dropped > 0 || st.Delivered != int64(b.sent[sink]) {
			t.Errorf("state is %+v", st)
		}
	}
}

// linesOf reads the messages of a file; every line must be whole.
func linesOf(t testing.TB, path string) (all []written) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		var one written
		if err := json.Unmarshal(l, &one); err != nil {
			t.Fatalf("a line is %q: %v", l, err)
		}
		all = append(all, one)
	}
	return all
}
