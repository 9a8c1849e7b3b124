package deliver

import (
	"crypto/hmac"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far the clock of a sender may be off.
const tolerance = 5 * time.Minute

// Verify checks the signature of a request that a webhook got, and that it was made within five minutes of now, in seconds
// since 1970 as text. docs/sinks.md shows the same to those who write receivers.
func Verify(secret []byte, header http.Header, body []byte, now string) error {
	id, timestamp := header.Get(idHeader), header.Get(timestampHeader)
	at, err := strconv.ParseInt(timestamp, 10, 64)
	clock, failed := strconv.ParseInt(now, 10, 64)
	if err != nil || failed != nil {
		return errors.New("the request has no timestamp")
	}
	if off := time.Duration(clock-at) * time.Second; off > tolerance || off < -tolerance {
		return errors.New("the request is too old, or of the future")
	}
	want := signature(secret, id, timestamp, body)
	for _, one := range strings.Fields(header.Get(signatureHeader)) {
		if hmac.Equal([]byte(one), []byte(want)) {
			return nil
		}
	}
	return errors.New("the signature does not match")
}
