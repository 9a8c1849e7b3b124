package campaign

import (
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

func zone(t *testing.T, name string) *calendar.Zone {
	t.Helper()
	z, err := calendar.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// instant reads a time with its offset.
func instant(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestQuietHours(t *testing.T) {
	night, noon := &ir.Clocks{From: 21 * 60, To: 9 * 60}, &ir.Clocks{From: 12 * 60, To: 13*60 + 30}
	early := &ir.Clocks{From: 2*60 + 15, To: 2*60 + 45}
	for _, c := range []struct {
		zone   string
		clocks *ir.Clocks
		now    string
		until  string // "" for not quiet
	}{
		{"Asia/Shanghai", night, "2026-03-01T20:59:59+08:00", ""},
		{"Asia/Shanghai", night, "2026-03-01T21:00:00+08:00", "2026-03-02T09:00:00+08:00"},
		{"Asia/Shanghai", night, "2026-03-02T00:00:00+08:00", "2026-03-02T09:00:00+08:00"},
		{"Asia/Shanghai", night, "2026-03-02T08:59:59+08:00", "2026-03-02T09:00:00+08:00"},
		{"Asia/Shanghai", night, "2026-03-02T09:00:00+08:00", ""},
		{"Asia/Shanghai", noon, "2026-03-02T12:00:00+08:00", "2026-03-02T13:30:00+08:00"},
		{"Asia/Shanghai", noon, "2026-03-02T13:30:00+08:00", ""},
		{"Asia/Shanghai", &ir.Clocks{From: 600, To: 600}, "2026-03-02T10:00:00+08:00", ""},
		{"Asia/Shanghai", nil, "2026-03-02T10:00:00+08:00", ""},
		// 29 March 2026, 02:00: an hour is left out, and with it both ends of these quiet hours.
		{"Europe/Berlin", early, "2026-03-29T01:59:59+01:00", ""},
		{"Europe/Berlin", early, "2026-03-29T03:00:00+02:00", ""},
		{"Europe/Berlin", night, "2026-03-29T03:30:00+02:00", "2026-03-29T09:00:00+02:00"},
		// 25 October 2026, 03:00: 02:15 comes twice, and quiet it is from the first to the first 02:45.
		{"Europe/Berlin", early, "2026-10-25T02:15:00+02:00", "2026-10-25T02:45:00+02:00"},
		{"Europe/Berlin", early, "2026-10-25T02:50:00+02:00", ""},
		{"Europe/Berlin", early, "2026-10-25T02:20:00+01:00", ""},
	} {
		until, ok := quiet(zone(t, c.zone), c.clocks, instant(t, c.now))
		switch {
		case ok != (c.until != ""):
			t.Errorf("%s in %s: quiet is %v", c.now, c.zone, ok)
		case ok && until != instant(t, c.until):
			t.Errorf("%s in %s: quiet until %s, want %s", c.now, c.zone, time.UnixMicro(until).UTC(), c.until)
		}
	}
}

func TestSchedules(t *testing.T) {
	at := func(clock int) *ir.Campaign { return &ir.Campaign{Trigger: ir.Trigger{Kind: dsl.Daily, Daily: clock}} }
	for _, c := range []struct {
		zone      string
		campaigns []*ir.Campaign
		after     string
		want      []string
	}{
		{"Asia/Shanghai", []*ir.Campaign{at(600), at(0)}, "2026-03-01T10:00:00+08:00", []string{
			"2026-03-02T00:00:00+08:00", "2026-03-02T10:00:00+08:00", "2026-03-03T00:00:00+08:00",
		}},
		{"Asia/Shanghai", []*ir.Campaign{{Trigger: ir.Trigger{Kind: dsl.AtTime, At: instant(t, "2026-03-05T10:00:00+08:00")}}}, "2026-03-01T10:00:00+08:00", []string{
			"2026-03-05T10:00:00+08:00", "",
		}},
		{"Europe/Berlin", []*ir.Campaign{at(150)}, "2026-03-28T02:30:00+01:00", []string{
			"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
		}},
		{"Europe/Berlin", []*ir.Campaign{at(150)}, "2026-10-24T02:30:00+02:00", []string{
			"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00",
		}},
	} {
		p := &Player{prog: &ir.Program{Zone: zone(t, c.zone), Campaigns: c.campaigns}}
		for i := range c.campaigns {
			p.order = append(p.order, i)
		}
		now := instant(t, c.after)
		for _, want := range c.want {
			next, ok := p.NextSchedule(now)
			if !ok {
				if want != "" {
					t.Errorf("nothing is scheduled after %s, want %s", time.UnixMicro(now).UTC(), want)
				}
				break
			}
			if want == "" || next != instant(t, want) {
				t.Errorf("after %s: %s, want %s", time.UnixMicro(now).UTC(), time.UnixMicro(next).UTC(), want)
				break
			}
			if len(p.Scheduled(next)) == 0 || len(p.Scheduled(next-1)) > 0 || len(p.Scheduled(next+1)) > 0 {
				t.Errorf("campaigns at %s: %v, before: %v, after: %v", want, p.Scheduled(next), p.Scheduled(next-1), p.Scheduled(next+1))
			}
			now = next
		}
	}
}
