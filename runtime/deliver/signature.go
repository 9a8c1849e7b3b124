package deliver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// The names of the headers and the form of the signature are those of the Standard Webhooks specification.
const (
	idHeader        = "Webhook-Id"
	timestampHeader = "Webhook-Timestamp"
	signatureHeader = "Webhook-Signature"
	keyHeader       = "Idempotency-Key"
	secretPrefix    = "whsec_" // before a secret that is in base64
)

// signature signs a request: its id, its timestamp and its body.
func signature(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// secretBytes is a secret as it was configured: after whsec_ in base64, else its own bytes.
func secretBytes(text string) ([]byte, bool) {
	rest, encoded := strings.CutPrefix(text, secretPrefix)
	if !encoded {
		return []byte(text), true
	}
	secret, err := base64.StdEncoding.DecodeString(rest)
	return secret, err == nil && len(secret) > 0
}

// headerText writes a key such that it can stand in a header: what is not a visible character of ASCII, and %, as % and
// two hexadecimal digits for each byte.
func headerText(key string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' || c == '%' {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
