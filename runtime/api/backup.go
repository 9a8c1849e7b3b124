package api

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// getBackup sends the store as it is at one moment, while others read and write. Only if it is whole is its last byte
// sent: a copy that failed is shorter than the header says.
func (s *Server) getBackup(w http.ResponseWriter, r *http.Request) error {
	if !s.streams.TryAcquire(1) {
		return fail(http.StatusTooManyRequests, "too much is being sent already; ask again a little later")
	}
	defer s.streams.Release(1)
	out := &backupWriter{w: w, control: http.NewResponseController(w)}
	err := s.engine.Backup(r.Context(), func(size int64) io.Writer {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="muster.db"`)
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		return out
	})
	if err != nil {
		if !out.begun {
			for _, name := range []string{"Content-Disposition", "Content-Length"} {
				w.Header().Del(name)
			}
		}
		return err
	}
	return out.flush()
}

// backupWriter keeps what was written last until it is told that all is well.
type backupWriter struct {
	w       io.Writer
	control *http.ResponseController
	kept    bytes.Buffer
	begun   bool
}

// Write implements io.Writer.
func (b *backupWriter) Write(p []byte) (int, error) {
	if err := b.flush(); err != nil {
		return 0, err
	}
	return b.kept.Write(p)
}

func (b *backupWriter) flush() error {
	if b.kept.Len() == 0 {
		return nil
	}
	b.begun = true
	_ = b.control.SetWriteDeadline(time.Now().Add(time.Minute))
	_, err := b.kept.WriteTo(b.w)
	return err
}
