package main

import (
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/muster-engine/muster/runtime/ingest"
)

// progress draws a bar on the error stream, if that is a terminal.
type progress struct {
	app   *app
	bar   *progressbar.ProgressBar
	phase string
	// size is that of standard input, 0 if it is not known.
	size int64
}

func (a *app) newProgress() *progress { return &progress{app: a} }

func (p *progress) show(at ingest.Progress) {
	if !terminal(p.app.err) {
		return
	}
	if at.Size < 0 && p.size > 0 {
		at.Size = p.size
	}
	phase := "reading " + filepath.Base(at.File)
	if at.File == "-" {
		phase = "reading"
	}
	if at.Committing {
		phase = "writing"
	}
	p.step(phase, at.Bytes, at.Size)
}

// step draws how much of a phase is done; a size less than 0 is not known.
func (p *progress) step(phase string, done, size int64) {
	if !terminal(p.app.err) {
		return
	}
	if phase != p.phase {
		p.done()
		p.phase = phase
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(p.app.err),
			progressbar.OptionSetDescription(phase),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(60*time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetSpinnerChangeInterval(0), // nothing draws behind our back
			progressbar.OptionShowBytes(false),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
		)
	}
	_ = p.bar.Set64(done)
}

// done clears the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
