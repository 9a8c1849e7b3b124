package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/muster-engine/muster/runtime/api"
)

// secrets are the files that say who may do what and who the server is: tokens, and a certificate with its key. They are
// read again when they change, so that a token can be taken back and a certificate renewed while the server runs. What
// cannot be used never takes effect: what was read before stays, and the log says why.
type secrets struct {
	tokenFile, certFile, keyFile string // "" where there is none
	tokens                       api.Tokens
	certificate                  atomic.Pointer[tls.Certificate]
	seen                         [sha256.Size]byte // of the files as they were read or refused last
}

// readSecrets reads the files for the first time.
func readSecrets(tokens, cert, key string) (*secrets, error) {
	if (cert == "") != (key == "") {
		return nil, usageError("serve", "--tls-cert and --tls-key go together")
	}
	s := &secrets{tokenFile: tokens, certFile: cert, keyFile: key}
	s.seen = s.digest()
	var err error
	if s.tokens, err = readTokens(tokens); err != nil {
		return nil, err
	}
	return s, s.readCertificate()
}

func (s *secrets) readCertificate() error {
	if s.certFile == "" {
		return nil
	}
	c, err := tls.LoadX509KeyPair(s.certFile, s.keyFile)
	if err != nil {
		return fmt.Errorf("the certificate cannot be used: %w", pathless(err))
	}
	s.certificate.Store(&c)
	return nil
}

// tls is how the server speaks TLS; nil if it has no certificate.
func (s *secrets) tls() *tls.Config {
	if s.certFile == "" {
		return nil
	}
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.Load(), nil },
		MinVersion:     tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
}

// digest tells the files apart from those read before. What cannot be read counts as empty.
func (s *secrets) digest() [sha256.Size]byte {
	var all bytes.Buffer
	for _, name := range []string{s.tokenFile, s.certFile, s.keyFile} {
		if name == "" {
			continue
		}
		text, _ := os.ReadFile(name)
		fmt.Fprintf(&all, "%d ", len(text))
		all.Write(text)
	}
	return sha256.Sum256(all.Bytes())
}

// secretsPause is how often the files are looked at.
const secretsPause = 2 * time.Second

// follow reads the files again once they have changed and settled, and at once on SIGHUP, until the context ends. use puts tokens in
// force.
func (s *secrets) follow(ctx context.Context, use func(api.Tokens), log *slog.Logger) {
	if s.tokenFile == "" && s.certFile == "" {
		return
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	go func() {
		defer signal.Stop(told)
		pause := time.NewTicker(secretsPause)
		defer pause.Stop()
		settling := s.seen
		for {
			select {
			case <-ctx.Done():
				return
			case <-told:
				s.again(use, log)
			case <-pause.C:
				switch now := s.digest(); now {
				case s.seen:
				case settling: // as it was a pause ago: it is written whole
					s.again(use, log)
				default:
					settling = now
				}
			}
		}
	}()
}

// again takes the files as they are now.
func (s *secrets) again(use func(api.Tokens), log *slog.Logger) {
	s.seen = s.digest()
	if s.tokenFile != "" {
		if tokens, err := readTokens(s.tokenFile); err != nil {
			log.Error("the tokens stay as they are", "why", err.Error())
		} else {
			use(tokens)
			log.Info("tokens in force", "tokens", len(tokens))
		}
	}
	if err := s.readCertificate(); err != nil {
		log.Error("the certificate stays as it is", "why", err.Error())
	} else if s.certFile != "" {
		log.Info("certificate in force")
	}
}
