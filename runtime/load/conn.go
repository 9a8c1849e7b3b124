package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// conn is one connection to the server, kept alive from batch to batch.
type conn struct {
	net.Conn
	in   *bufio.Reader
	head []byte // of a request, up to the length of its body
	out  []byte
}

func dial(ctx context.Context, opt *Options) (*conn, error) {
	c, err := opt.Dial(ctx)
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST /v1/events HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-ndjson\r\n", opt.Host)
	for _, line := range opt.Header {
		fmt.Fprintf(&head, "%s\r\n", line)
	}
	head.WriteString("Content-Length: ")
	return &conn{Conn: c, in: bufio.NewReader(c), head: head.Bytes()}, nil
}

// answer is what the server said to a batch.
type answer struct {
	Accepted, Duplicate int
	Rejected            []struct{ Reason string }
	busy                bool
}

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 16 << 20

// post sends a batch and returns the answer.
func (c *conn) post(body []byte) (a answer, err error) {
	c.out = append(c.out[:0], c.head...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(append(c.out, "\r\n\r\n"...), body...)
	if _, err := c.Write(c.out); err != nil {
		return a, fmt.Errorf("the server went away: %w", err)
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return a, fmt.Errorf("the server went away: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return a, fmt.Errorf("the server went away: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return a, json.Unmarshal(text, &a)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		a.busy = true
		return a, nil
	}
	return a, fmt.Errorf("the server answers %s: %.300s", resp.Status, bytes.TrimSpace(text))
}
