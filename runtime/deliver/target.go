package deliver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
)

// target is what stands behind a sink. An error that is a *refusal says how it is to be taken; any other may go away.
type target interface {
	// hand hands letters over, all of them or, on an error, perhaps some.
	hand(ctx context.Context, some []*letter) error
	// lines hands whole NDJSON lines over, under a key that tells them from others.
	lines(ctx context.Context, key string, text []byte) error
	// room is how many letters one call takes, and how many calls there may be at once.
	room() (letters, atOnce int)
}

// refusal is an answer of a receiver that is not what was hoped for.
type refusal struct {
	reason string
	// final says that the same would be answered to the same request.
	final bool
	// after is how long the receiver asks to be left alone; 0: it does not say.
	after time.Duration
}

func (r *refusal) Error() string { return r.reason }

// Setup is what the sinks of a program need of the machine.
type Setup struct {
	// Env gives environment variables: URLs and secrets of webhooks.
	Env func(string) string
	// Dir is where the files of sinks lie.
	Dir string
	// Timeout is how long a request may take; 0 is 15 seconds.
	Timeout time.Duration
	// AtOnce is how many requests a webhook gets at once; 0 is 8. Rate is how many it gets in a second; 0: no limit.
	AtOnce int
	Rate   float64
}

// Check says what the sinks of a program lack on this machine: it names every variable and file that cannot be used.
func (s Setup) Check(prog *ir.Program) error {
	_, err := s.targets(prog, Clock{})
	return err
}

// targets makes what stands behind each sink of a program, by the number of the sink.
func (s Setup) targets(prog *ir.Program, clock Clock) ([]target, error) {
	clock.fill()
	var all []target
	var faults []error
	files := map[string]string{}
	for _, sink := range prog.Sinks {
		t, err := s.target(sink, clock, files)
		if err != nil {
			err = fmt.Errorf("sink %s: %w", sink.Name, err)
		}
		all, faults = append(all, t), append(faults, err)
	}
	return all, errors.Join(faults...)
}

func (s Setup) target(sink *ir.Sink, clock Clock, files map[string]string) (target, error) {
	if sink.File != "" {
		if !filepath.IsLocal(sink.File) {
			return nil, fmt.Errorf("the file %q leads out of the directory of the sinks; write a path below it", sink.File)
		}
		path := filepath.Join(s.Dir, sink.File)
		if other := files[path]; other != "" {
			return nil, fmt.Errorf("the file %q is that of sink %s already", sink.File, other)
		}
		files[path] = sink.Name
		return &file{path: path}, nil
	}
	address, secret := s.env(sink.Webhook), ""
	if address == "" {
		return nil, fmt.Errorf("the environment variable %s, which should hold the URL, is not set", sink.Webhook)
	}
	// What a URL holds may be secret, so nothing of it is said.
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("what the environment variable %s holds is no URL that begins with http:// or https://", sink.Webhook)
	}
	var key []byte
	if sink.Secret != "" {
		if secret = s.env(sink.Secret); secret == "" {
			return nil, fmt.Errorf("the environment variable %s, which should hold the secret, is not set", sink.Secret)
		}
		ok := false
		if key, ok = secretBytes(secret); !ok {
			return nil, fmt.Errorf("what the environment variable %s holds after %s is not base64", sink.Secret, secretPrefix)
		}
	}
	return newWebhook(u, key, s, clock), nil
}

func (s Setup) env(name string) string {
	if s.Env == nil {
		return ""
	}
	return s.Env(name)
}
