package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-engine/muster/runtime/holdings"
)

// addHoldings adds what a member has in the programme: a line each for balances, lots, tiers, coupons, cases and runs.
func addHoldings(sheet *groupedTable, h holdings.Holdings) {
	for _, p := range h.Points {
		note := p.Title
		if p.Pending > 0 {
			note = strings.TrimSpace(note + "  " + signed(p.Pending) + " pending")
		}
		sheet.add("Points", p.Name, signed(p.Balance), note)
		for _, l := range p.Lots {
			sheet.add("Points", "", signed(l.Points), lotNote(l))
		}
	}
	for _, t := range h.Tiers {
		sheet.add("Tiers", t.Name, t.Tier, strings.TrimSpace(t.Title+"  "+tierNote(t)))
	}
	for _, c := range h.Coupons {
		note := c.Coupon + ", issued " + c.Issued
		if c.Expires != "" {
			note += ", until " + c.Expires
		}
		sheet.add("Coupons", c.Code, c.State, note)
	}
	for _, c := range h.Cases {
		state, note := "open", "opened "+wallTime(c.Opened)+", due "+wallTime(c.Due)
		if c.Closed != "" {
			state = "closed"
			note += ", closed " + wallTime(c.Closed)
		}
		if c.Overdue {
			state += ", overdue"
		}
		sheet.add("Cases", c.Case+" "+c.Ticket, state, note)
	}
	for _, r := range h.Runs {
		state, note := r.Ended, "since "+wallTime(r.Started)
		if r.Ended == "" {
			state = "going on"
			note += ", goes on at " + wallTime(r.Until)
		}
		if r.HeldOut {
			state += ", held out"
		}
		if r.Goals > 0 {
			note += ", goal reached"
		}
		sheet.add("Campaigns", r.Campaign, state, note)
	}
}

// wallTime is an instant as the clocks of its offset show it, without the offset: all of them are of the store's zone.
func wallTime(rfc3339 string) string {
	t, err := time.Parse(time.RFC3339Nano, rfc3339)
	switch {
	case err != nil:
		return rfc3339
	case t.Second() == 0 && t.Nanosecond() == 0:
		return t.Format("2006-01-02T15:04")
	}
	return t.Format("2006-01-02T15:04:05.999999")
}

func lotNote(l holdings.Lot) string {
	note := "earned " + l.Earned
	if l.Rule != "" {
		note += " by " + l.Rule
	}
	if l.Pending {
		note += ", pending until " + l.Active
	}
	if l.Expires != "" {
		note += ", holds through " + l.Expires
	}
	return note
}

func tierNote(t holdings.Tier) string {
	var parts []string
	if t.Next != "" {
		parts = append(parts, fmt.Sprintf("%s more for %s", amountText(t.ToNext), t.Next))
	}
	if t.Until != "" {
		kept := "kept through " + t.Until
		if t.ToKeep > 0 {
			kept += fmt.Sprintf(", %s more to keep it", amountText(t.ToKeep))
		}
		parts = append(parts, kept)
	}
	if t.Given != "" {
		given := "given by hand"
		if t.Given != t.Tier {
			given = t.Given + " " + given
		}
		if t.GivenUntil != "" {
			given += " through " + t.GivenUntil
		}
		parts = append(parts, given)
	}
	return strings.Join(parts, "; ")
}

// amountText is a measure without needless decimals, its thousands apart.
func amountText(x float64) string {
	if x == float64(int64(x)) {
		return count(int(x))
	}
	return fmt.Sprintf("%.2f", x)
}

func signed(n int64) string {
	if n < 0 {
		return "-" + count(int(-n))
	}
	return count(int(n))
}
