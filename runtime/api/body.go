package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// readText is readBody of a body that is one thing: if a part of it is not UTF-8 none of it is read.
func (s *Server) readText(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	body, release, err = s.readBody(w, r)
	if err == nil && !utf8.Valid(body) {
		release()
		return nil, nil, fail(http.StatusBadRequest, "the body is not valid UTF-8")
	}
	return body, release, err
}

// readBody reads a whole body, unpacked. release must be called when its bytes are no longer needed.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	packed := strings.ToLower(r.Header.Get("Content-Encoding"))
	if packed != "" && packed != "identity" && packed != "gzip" {
		return nil, nil, fail(http.StatusUnsupportedMediaType, "a body may be packed with gzip, not with %s", packed)
	}
	if r.ContentLength > s.opt.MaxBody {
		return nil, nil, s.bodyTooLarge()
	}
	reserved := s.opt.MaxBody
	if packed != "gzip" && r.ContentLength >= 0 {
		reserved = r.ContentLength
	}
	if !s.buffer.TryAcquire(reserved) {
		return nil, nil, fail(http.StatusTooManyRequests, "too much is being sent at once; send it again a little later")
	}
	release = func() { s.buffer.Release(reserved) }
	body, err = s.unpack(http.MaxBytesReader(w, r.Body, s.opt.MaxBody), packed == "gzip")
	if err != nil {
		release()
		return nil, nil, err
	}
	return body, release, nil
}

func (s *Server) unpack(in io.Reader, packed bool) ([]byte, error) {
	if packed {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, s.unreadable(err)
		}
		defer z.Close()
		in = z
	}
	body, err := io.ReadAll(io.LimitReader(in, s.opt.MaxBody+1))
	switch {
	case err != nil:
		return nil, s.unreadable(err)
	case int64(len(body)) > s.opt.MaxBody:
		return nil, s.bodyTooLarge()
	}
	return bytes.TrimPrefix(body, []byte("\ufeff")), nil
}

func (s *Server) bodyTooLarge() error {
	return fail(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes unpacked; send it in parts", s.opt.MaxBody)
}

func (s *Server) unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return s.bodyTooLarge()
	}
	return fail(http.StatusBadRequest, "the body cannot be read to its end: %s", unreadableAs(err))
}

// unreadableAs says what is wrong with a body in words for people.
func unreadableAs(err error) string {
	switch {
	case errors.Is(err, gzip.ErrHeader):
		return "it is not packed with gzip"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it breaks off"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "it took too long to come"
	}
	return "it is damaged"
}

// line is a line of a body that is not blank. Its number counts from 1.
type line struct {
	number int
	text   []byte
}

// objects cuts a body into JSON objects: one that may go over several lines, or one a line.
func (s *Server) objects(body []byte) ([]line, error) {
	lines, err := s.lines(body)
	if err != nil || len(lines) <= 1 || json.Valid(lines[0].text) || !json.Valid(body) {
		return lines, err
	}
	var one bytes.Buffer
	if err := json.Compact(&one, body); err != nil {
		return nil, err
	}
	return []line{{lines[0].number, one.Bytes()}}, nil
}

func (s *Server) lines(body []byte) ([]line, error) {
	var out []line
	for no := 1; len(body) > 0; no++ {
		text, rest, _ := bytes.Cut(body, []byte("\n"))
		body = rest
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if len(text) > s.opt.MaxLine {
			return nil, fail(http.StatusRequestEntityTooLarge, "line %d is longer than %d bytes", no, s.opt.MaxLine)
		}
		if len(out) == s.opt.MaxInputs {
			return nil, fail(http.StatusRequestEntityTooLarge, "there are more than %d lines; send them in parts", s.opt.MaxInputs)
		}
		out = append(out, line{no, text})
	}
	if len(out) == 0 {
		return nil, fail(http.StatusBadRequest, "the body is empty")
	}
	return out, nil
}

// decode reads a JSON body into a value; keys that it has not are refused, for they are typing errors.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, into any) error {
	body, release, err := s.readText(w, r)
	if err != nil {
		return err
	}
	defer release()
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fail(http.StatusBadRequest, "the body is no JSON object as described: %s", plainJSON(err))
	}
	if dec.More() {
		return fail(http.StatusBadRequest, "there is more behind the end of the JSON object")
	}
	return nil
}

// kindOf names what a decoder calls the kinds of values; a number may come with its text.
func kindOf(value string) string {
	switch kind, _, _ := strings.Cut(value, " "); kind {
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a " + kind
	}
}

// plainJSON is a decoder's error without the names of types.
func plainJSON(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return wrong.Field + " cannot be " + kindOf(wrong.Value)
	case errors.As(err, &wrong):
		return "it is " + kindOf(wrong.Value)
	case errors.Is(err, io.EOF):
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it breaks off"
	}
	return string(bytes.TrimPrefix([]byte(err.Error()), []byte("json: ")))
}
