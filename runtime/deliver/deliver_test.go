package deliver

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/storage"
)

func TestMessagesArriveAsDocumented(t *testing.T) {
	b := newBench(t)
	b.send("sms", 1, 3)
	b.send("ops", 2, 3)
	b.start(nil)
	b.settled("sms")
	b.settled("ops")
	b.sms.mu.Lock()
	got, _ := line(b.sms.got[0])
	b.sms.mu.Unlock()
	const want = `{"key":"欢迎/1/sms/1/1","sink":"sms","template":"hello","at":"2026-05-29T04:26:40.000001+08:00","member":1,` +
		`"ids":{"card":["C1","C2"],"phone":"+8613900000001"},"values":{"name":"林","points":12}}`
	if string(got) != want {
		t.Errorf("it got\n%s, not\n%s", got, want)
	}
	file, err := os.ReadFile(filepath.Join(b.dir, "out/ops.ndjson"))
	if err != nil || strings.Count(string(file), "\n") != 2 || !strings.HasPrefix(string(file), strings.ReplaceAll(want, "sms", "ops")+"\n") {
		t.Errorf("the file holds %s, %v", file, err)
	}
}

// A receiver that fails, hangs, answers slowly, closes connections and asks to wait gets every message, those of a member
// in order, whatever number of times the deliverer is started anew.
func TestNothingIsLostAndMembersAreInOrder(t *testing.T) {
	b := newBench(t)
	rounds := 4
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 60
	}
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		switch rand.IntN(16) {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			<-r.Context().Done() // hangs
		case 2:
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			b.sms.accept(got, w)
		case 3:
			panic(http.ErrAbortHandler) // closes the connection
		case 4:
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		case 5: // takes it, and closes the connection within the answer
			w.Header().Set("Content-Length", "100")
			b.sms.accept(got, w)
			_, _ = w.Write([]byte("half"))
			panic(http.ErrAbortHandler)
		default:
			b.sms.accept(got, w)
		}
	})
	for round := range rounds {
		b.send("sms", 60, 7)
		d, err := Start(b.prog, b.options())
		if err != nil {
			t.Fatal(err)
		}
		if round == rounds-1 {
			if st := b.settled("sms"); st.Dead > 0 {
				t.Errorf("%d dead letters of a sink that works at last", st.Dead)
			}
		} else {
			time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		}
		grace, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20))*time.Millisecond)
		d.Stop(grace)
		cancel()
	}
	inOrder(t, b.sms.got, b.sent["sms"])
}

func TestRefusedMessagesAreDeadLettersThatCanBeSentAgain(t *testing.T) {
	b := newBench(t)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		if got.Member == 1 {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		b.sms.accept(got, w)
	})
	b.send("sms", 9, 3)
	d := b.start(nil)
	if st := b.settled("sms"); st.Dead != 3 || st.Delivered != 6 {
		t.Fatalf("state is %+v", st)
	}
	dead, err := b.store.DeadLetters("sms", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range dead {
		if l.Reason != "the answer was 422 Unprocessable Entity" || l.Attempts != 3 || b.sms.times(l.Key) != 3 {
			t.Errorf("a dead letter is %+v, tried %d times", l.Failure, b.sms.times(l.Key))
		}
	}
	b.sms.answers(nil)
	if n, err := b.store.Resend("sms", nil); n != 3 || err != nil {
		t.Fatalf("%d sent again, %v", n, err)
	}
	d.Look()
	if st := b.settled("sms"); st.Dead != 0 || st.Delivered != 9 {
		t.Fatalf("state is %+v", st)
	}
	inOrder(t, b.sms.got, 9)
}

func TestAMessageThatAlwaysFailsHoldsUpNoOthers(t *testing.T) {
	b := newBench(t)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		if got.Member == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		b.sms.accept(got, w)
	})
	b.send("sms", 20, 20)
	b.start(func(o *Options) { o.MostWait, o.Poll = 4*time.Second, time.Second })
	until(t, "the others arrive", func() bool { return len(b.sms.received()) == 19 })
	// Alone it could be the sink that does not work; while others arrive it is the message.
	for b.state("sms").Dead == 0 && b.sent["sms"] < 4000 {
		b.send("sms", 19, 20)
		time.Sleep(5 * time.Millisecond)
	}
	if st := b.state("sms"); st.Dead == 0 {
		t.Fatalf("state is %+v", st)
	}
}

// A sink that is out of order for hours loses nothing, however often it is tried, and one that hangs holds up no other.
func TestASinkThatDoesNotWorkKeepsItsMessages(t *testing.T) {
	b := newBench(t)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	b.mail.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	b.send("sms", 3, 2)
	b.send("mail", 30, 20)
	b.send("ops", 3, 2)
	d := b.start(func(o *Options) { o.MostProbe = 2 * time.Second; o.Timeout = 50 * time.Millisecond })
	b.settled("ops")
	asked := func() (n int) {
		b.mail.mu.Lock()
		defer b.mail.mu.Unlock()
		for _, k := range b.mail.asked {
			n += k
		}
		return n
	}
	until(t, "mail is tried very often", func() bool { return asked() > 120 })
	states, err := d.States()
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range states {
		switch st.Sink {
		case "mail":
			if !st.Down || st.Trouble != "the connection was closed without an answer" || st.Pending != 30 || st.Oldest != 1780000000000001 {
				t.Errorf("mail is %+v", st)
			}
		case "sms":
			if st.Pending != 3 {
				t.Errorf("sms is %+v", st)
			}
		}
	}
	b.mail.answers(nil)
	b.sms.answers(nil)
	for _, sink := range []string{"sms", "mail"} {
		if st := b.settled(sink); st.Dead > 0 {
			t.Errorf("%s has dead letters: %+v", sink, st)
		}
	}
	inOrder(t, b.mail.got, 30)
	b.logged.Lock()
	defer b.logged.Unlock()
	for _, secret := range []string{"hush", "token", "c2VjcmV0", b.sms.URL, "+8613900000001"} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log tells %s:\n%s", secret, b.log.String())
		}
	}
	if !strings.Contains(b.log.String(), "a sink does not work") {
		t.Errorf("the log says nothing: %s", b.log.String())
	}
}

func TestAReceiverThatAsksForTimeGetsIt(t *testing.T) {
	b := newBench(t)
	var clock Clock
	var asked []time.Time
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		b.sms.mu.Lock()
		asked = append(asked, clock.Now())
		b.sms.mu.Unlock()
		if nth == 1 {
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b.sms.accept(got, w)
	})
	b.send("sms", 1, 1)
	b.start(func(o *Options) { clock = o.Clock })
	b.settled("sms")
	if len(asked) != 2 || asked[1].Sub(asked[0]) < 35*time.Second { // the header is read a little later than it was written
		t.Errorf("asked at %v", asked)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	b := newBench(t)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, b.mail.URL, http.StatusTemporaryRedirect)
	})
	b.send("sms", 1, 1)
	b.start(nil)
	b.settled("sms")
	dead, err := b.store.DeadLetters("sms", 0, 1)
	if err != nil || len(dead) != 1 || dead[0].Reason != "the answer was 307 Temporary Redirect, and redirects are not followed" {
		t.Errorf("dead letters are %+v, %v", dead, err)
	}
	if len(b.mail.received()) > 0 {
		t.Error("the redirect was followed")
	}
}

func TestNotTooManyAtOnceNorInASecond(t *testing.T) {
	b := newBench(t)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		time.Sleep(2 * time.Millisecond)
		b.sms.accept(got, w)
	})
	b.send("sms", 30, 30)
	var clock Clock
	b.start(func(o *Options) { o.AtOnce, o.Rate, clock = 3, 5, o.Clock })
	began := clock.Now()
	b.settled("sms")
	if took := clock.Now().Sub(began); took < 5*time.Second { // 5 at once, then 25 at 5 a second
		t.Errorf("30 messages at 5 a second took %v", took)
	}
	if b.sms.mostNow > 3 {
		t.Errorf("%d requests at once", b.sms.mostNow)
	}
}

func TestAStopWaitsForWhatIsUnderWay(t *testing.T) {
	b := newBench(t)
	begun := make(chan bool, 1)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		begun <- true
		time.Sleep(50 * time.Millisecond)
		b.sms.accept(got, w)
	})
	b.send("sms", 2, 1)
	d := b.start(nil)
	<-begun
	d.Stop(t.Context())
	if st := b.state("sms"); st.Delivered != 1 || st.Pending != 1 || len(b.sms.received()) != 1 {
		t.Fatalf("after the stop: %+v, received %v", st, b.sms.received())
	}
}

func TestAForgottenMemberGetsNothing(t *testing.T) {
	b := newBench(t)
	b.sms.answers(func(got written, nth int, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	})
	b.send("sms", 4, 2)
	b.start(nil)
	until(t, "it is tried", func() bool { return b.sms.times("欢迎/1/sms/1/1") > 0 })
	if n, err := b.store.ForgetMessages(1); n != 2 || err != nil {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	time.Sleep(250 * time.Millisecond) // longer than a request takes
	b.sms.answers(nil)
	if st := b.settled("sms"); st.Dropped != 2 || st.Delivered != 2 {
		t.Fatalf("state is %+v", st)
	}
	inOrder(t, b.sms.got, 2)
}

func TestAnEditOfTheRulesLosesNothing(t *testing.T) {
	b := newBench(t)
	b.send("sms", 50, 5)
	b.send("ops", 50, 5)
	d := b.start(nil)
	without := compile(t, strings.Split(shop, "sink mail")[0])
	for range 3 {
		for _, prog := range []string{shop, strings.Split(shop, "sink mail")[0]} {
			if err := d.Use(t.Context(), compile(t, prog)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.Use(t.Context(), compile(t, shop+"\nsink more { webhook env \"MORE_URL\" }")); err == nil ||
		err.Error() != "sink more: the environment variable MORE_URL, which should hold the URL, is not set" {
		t.Errorf("the error is %v", err)
	}
	if err := d.Use(t.Context(), without); err != nil {
		t.Fatal(err)
	}
	b.send("ops", 3, 1)
	b.settled("sms")
	states, err := d.States()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, st := range states {
		kinds[st.Sink] = st.Kind
	}
	if kind, ok := kinds["ops"]; !ok || kind != "" || kinds["sms"] != "webhook" {
		t.Errorf("the sinks are %v", kinds)
	}
	inOrder(t, b.sms.got, 50)
	if len(b.sms.got) != 50 {
		t.Errorf("%d arrived where nothing had to be repeated", len(b.sms.got))
	}
}

func TestWhatTheMachineLacksIsNamed(t *testing.T) {
	env := map[string]string{}
	dir := t.TempDir()
	for _, c := range []struct {
		set  []string
		want string
	}{
		{nil, "sink sms: the environment variable SMS_URL, which should hold the URL, is not set\nsink mail: the environment variable MAIL_URL, which should hold the URL, is not set"},
		{[]string{"MAIL_URL", "https://mail.example.com", "SMS_URL", "ftp://user:hush@example.com/x"}, "sink sms: what the environment variable SMS_URL holds is no URL that begins with http:// or https://"},
		{[]string{"SMS_URL", "https://sms.example.com/hush"}, "sink sms: the environment variable SMS_SECRET, which should hold the secret, is not set"},
		{[]string{"SMS_SECRET", "whsec_hush!"}, "sink sms: what the environment variable SMS_SECRET holds after whsec_ is not base64"},
		{[]string{"SMS_SECRET", "plain"}, ""},
	} {
		for i := 0; i+1 < len(c.set); i += 2 {
			env[c.set[i]] = c.set[i+1]
		}
		got := ""
		if err := (Setup{Env: func(n string) string { return env[n] }, Dir: dir}).Check(compile(t, shop)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("the error is\n%s\nnot\n%s", got, c.want)
		}
	}
	for text, want := range map[string]string{
		`sink a { file "../x" }`:                    `sink a: the file "../x" leads out of the directory of the sinks; write a path below it`,
		`sink a { file "x" } sink b { file "./x" }`: `sink b: the file "./x" is that of sink a already`,
	} {
		err := Setup{Dir: dir}.Check(compile(t, `settings { language 1 timezone "UTC" currency CNY } member { phone id phone "CN" } `+text))
		if err == nil || err.Error() != want {
			t.Errorf("%s: the error is %v", text, err)
		}
	}
}

func TestAFileIsWholeLines(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(b.dir, "out/ops.ndjson")
	if err := os.MkdirAll(path, 0o755); err != nil { // something else of that name
		t.Fatal(err)
	}
	b.send("ops", 3, 1)
	d := b.start(nil)
	until(t, "it fails", func() bool {
		states, err := d.States()
		return err == nil && states[1].Sink == "ops" && states[1].Trouble != ""
	})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if st := b.settled("ops"); st.Delivered != 3 {
		t.Fatalf("state is %+v", st)
	}
	for _, torn := range []string{`{"key":"half`, strings.Repeat("x", 10_000)} {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString(torn)
		f.Close()
		b.send("ops", 1, 1)
		d.Look()
		b.settled("ops")
	}
	if err := os.Rename(path, path+".1"); err != nil { // as a tool that rotates does
		t.Fatal(err)
	}
	b.send("ops", 1, 1)
	d.Look()
	b.settled("ops")
	for file, lines := range map[string]int{path + ".1": 5, path: 1} {
		text, err := os.ReadFile(file)
		if err != nil || strings.Count(string(text), "\n") != lines || strings.Contains(string(text), "half") || strings.Contains(string(text), "xx") {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}

// What the store cannot note as handed over is handed over again, and never held to be lost.
func TestAStoreThatCannotBeWrittenMeanwhile(t *testing.T) {
	b := newBench(t)
	b.send("sms", 10, 3)
	failing := &failingStore{Store: b.store}
	failing.failing.Store(true)
	b.start(func(o *Options) { o.Store = failing })
	until(t, "all have arrived", func() bool { return len(b.sms.received()) == 10 })
	if st := b.state("sms"); st.Pending != 10 {
		t.Fatalf("state is %+v", st)
	}
	failing.failing.Store(false)
	if st := b.settled("sms"); st.Delivered != 10 {
		t.Fatalf("state is %+v", st)
	}
	if len(b.sms.received()) != 10 {
		t.Errorf("received %v", b.sms.received())
	}
}

var _ Store = (*storage.Store)(nil)
