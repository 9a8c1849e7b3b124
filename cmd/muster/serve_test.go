package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// server is a muster serve in a process of its own.
type server struct {
	t       *testing.T
	dir     string
	cmd     *exec.Cmd
	address string
	ended   chan struct{}
	log     bytes.Buffer
}

func startServer(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	rules := `settings { language 1  timezone "UTC"  currency CNY }
member { phone id phone "CN" }
event order { order_id key  amount money }
segment buyers = has(order)
`
	if err := os.WriteFile(filepath.Join(dir, "shop.muster"), []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"serve", "--rules", "shop.muster", "--store", "store.db", "--listen", "127.0.0.1:0"}, args...)
	s := &server{t: t, dir: dir, cmd: exec.Command("muster", args...), ended: make(chan struct{})}
	s.cmd.Dir = dir
	log, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); <-s.ended })
	listening := make(chan string, 1)
	go func() {
		defer close(s.ended)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			s.log.Write(append(lines.Bytes(), '\n'))
			var entry struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "listening" {
				listening <- entry.Address
			}
		}
	}()
	select {
	case s.address = <-listening:
	case <-s.ended:
		t.Fatalf("the server ended: %s", s.log.String())
	}
	return s
}

// muster runs a command in the server's directory and returns what it prints.
func (s *server) muster(env []string, args ...string) (string, error) {
	cmd := exec.Command("muster", args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A server that is told to end under load has everything that it answered, and at most what it was answering besides.
func TestTerminationLosesNothing(t *testing.T) {
	s := startServer(t, t.TempDir())
	const workers = 6
	var answered [workers]int
	var all atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf(`{"type":"order","phone":"1390000000%d","order_id":"%d-%d","amount":1,"at":"2026-06-01T02:00:00Z"}`, w, w, i)
				res, err := http.Post(s.address+"/v1/events", "application/json", strings.NewReader(body))
				if err != nil {
					return
				}
				text, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || res.StatusCode != http.StatusOK {
					return
				}
				if !strings.Contains(string(text), `"accepted":1`) {
					t.Errorf("%s", text)
				}
				answered[w]++
				all.Add(1)
			}
		})
	}
	for all.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	<-s.ended
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, s.log.String())
	}
	if out, err := s.muster(nil, "status", "--store", "store.db"); err != nil || !strings.Contains(out, "journal  empty") {
		t.Fatalf("%v: %s", err, out)
	}
	for w := range workers {
		asked := fmt.Sprintf(`phone = "+861390000000%d" and count(order) between %d and %d`, w, answered[w], answered[w]+1)
		if out, err := s.muster(nil, "query", asked, "--store", "store.db"); err != nil || !strings.HasPrefix(out, fmt.Sprintf("1 of %d members", workers)) {
			t.Errorf("%s: %v: %s", asked, err, out)
		}
	}
}

func TestServeByTLSWithTokens(t *testing.T) {
	dir := t.TempDir()
	certify(t, dir)
	tokens := "the-token-of-the-till   till  write\nthe-token-of-the-office office read\n"
	if err := os.WriteFile(filepath.Join(dir, "tokens"), []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, dir, "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tokens", "tokens")
	if !strings.HasPrefix(s.address, "https://127.0.0.1:") {
		t.Fatal(s.address)
	}
	trusting := "SSL_CERT_FILE=" + filepath.Join(dir, "cert.pem")
	for _, c := range []struct {
		env  []string
		args []string
		want string
	}{
		{[]string{trusting, "MUSTER_TOKEN=the-token-of-the-office"}, []string{"segments"}, "buyers"},
		{[]string{trusting, "MUSTER_TOKEN=the-token-of-the-office"}, []string{"retract", "order", "1"}, "office has not the right to write"},
		{[]string{trusting, "MUSTER_TOKEN=the-token-of-the-till"}, []string{"segments"}, "till has not the right to read"},
		{[]string{trusting, "MUSTER_TOKEN=the-token-of-the-till"}, []string{"backup", "copy.db"}, "till has not the right to admin"},
		{[]string{trusting, "MUSTER_TOKEN=another-token-altogether"}, []string{"segments"}, "nobody has this token"},
		{[]string{"MUSTER_TOKEN=the-token-of-the-office"}, []string{"segments"}, "certificate"},
	} {
		out, _ := s.muster(c.env, append(c.args, "--server", s.address)...)
		if !strings.Contains(out, c.want) {
			t.Errorf("%q %q: %s", c.env, c.args, out)
		}
	}
	if res, err := http.Get(strings.Replace(s.address, "https", "http", 1) + "/v1/segments"); err == nil {
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Error("without TLS it answers all the same")
		}
	}
}

// A token can be taken back, and a certificate renewed, while the server runs.
func TestSecretsAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	certify(t, dir)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "tokens"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("the-token-of-the-office office read\n")
	s := startServer(t, dir, "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tokens", "tokens")
	soon := func(token, want string) {
		t.Helper()
		out := ""
		for range 1000 {
			env := []string{"SSL_CERT_FILE=" + filepath.Join(dir, "cert.pem"), "MUSTER_TOKEN=" + token}
			if out, _ = s.muster(env, "segments", "--server", s.address); strings.Contains(out, want) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("waited in vain for %q: %s", want, out)
	}
	reload := func() {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	soon("the-token-of-the-office", "buyers")
	write("another-token-of-the-office office read\n")
	reload()
	soon("the-token-of-the-office", "nobody has this token")
	soon("another-token-of-the-office", "buyers")
	certify(t, dir) // trusted now is the new one only
	write("another-token-of-the-office office rea\n")
	reload()
	soon("another-token-of-the-office", "buyers")
	write("") // and without being told
	time.Sleep(10 * time.Millisecond)
	write("the-third-token-of-the-office office read\n")
	soon("the-third-token-of-the-office", "buyers")
	s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.ended
	if log := s.log.String(); !strings.Contains(log, `"the tokens stay as they are"`) || !strings.Contains(log, "is no right") {
		t.Error(log)
	}
}

// certify writes a certificate for this machine, signed by itself, and its key.
func certify(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "muster"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
