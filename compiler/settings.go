package compiler

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// readSettings sets the clock's zone, the currency and the calendar of the program.
func (c *compilation) readSettings() {
	p := c.program
	p.LateSpan = dsl.SpanLit{N: 3, Unit: dsl.Day}
	c.setZone(calendar.UTC())
	s := c.decls.settings
	if s == nil && c.settingsBroken {
		return
	}
	if s == nil {
		c.report("M0502", c.origin(), "", "add `settings { language 1  timezone \"Asia/Shanghai\" }`", "the rule set has no settings: at least the timezone must be given")
		c.moneyReported = true
		return
	}
	if s.Language != nil && s.Language.Value != 1 {
		c.report("M0503", s.Language.At, "settings", "write `language 1`", fmt.Sprintf("this version reads language 1, not %d", s.Language.Value))
	}
	c.readZone(s)
	c.readCurrency(s)
	if s.Week != nil {
		switch s.Week.Text {
		case "monday":
		case "sunday":
			p.WeekStart = 7
		default:
			c.report("M0506", s.Week.At, "settings", "write `week monday` or `week sunday`", "a week starts on monday or on sunday")
		}
	}
	if s.Late != nil {
		if tooLong(s.Late.N, s.Late.Unit) {
			c.report("M0408", s.Late.At, "settings", "", "a span of more than 1000 years")
		}
		p.LateSpan = *s.Late
	}
	c.readHolidays(s)
}

func (c *compilation) readZone(s *dsl.Settings) {
	if s.Timezone == nil {
		c.report("M0502", firstWord(s.At, "settings"), "settings", "add `timezone \"Asia/Shanghai\"`", "settings give no timezone")
		return
	}
	name := s.Timezone.Value
	zone, err := calendar.Load(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		hint := c.nearText(name, commonZones)
		if hint == "" {
			hint = `write a name of the IANA time zone database, such as "Asia/Shanghai"`
		}
		c.report("M0504", s.Timezone.At, "settings", hint, fmt.Sprintf("no timezone is called %q", name))
		return
	}
	c.setZone(zone)
}

// commonZones are offered for names that are nearly right.
var commonZones = strings.Fields(`Asia/Shanghai Asia/Hong_Kong Asia/Taipei Asia/Tokyo Asia/Seoul Asia/Singapore Asia/Kolkata
	Asia/Dubai Asia/Bangkok Asia/Jakarta Asia/Manila Asia/Kuala_Lumpur Asia/Ho_Chi_Minh Asia/Urumqi Asia/Macau
	Europe/London Europe/Berlin Europe/Paris Europe/Madrid Europe/Rome Europe/Amsterdam Europe/Zurich Europe/Vienna
	Europe/Warsaw Europe/Stockholm Europe/Istanbul Europe/Moscow Europe/Lisbon Europe/Dublin
	America/New_York America/Chicago America/Denver America/Los_Angeles America/Toronto America/Sao_Paulo
	America/Mexico_City Australia/Sydney Australia/Melbourne Pacific/Auckland Africa/Johannesburg Africa/Cairo UTC`)

func (c *compilation) readCurrency(s *dsl.Settings) {
	if s.Currency == nil {
		return
	}
	code := s.Currency.Text
	digits, ok := minorDigits(code)
	if !ok {
		c.moneyReported = true
		hint := "write a code of three capital letters, such as `CNY`"
		meant := strings.ToUpper(code)
		if official, ok := currencyNicknames[meant]; ok {
			meant = official
		}
		if _, ok := minorDigits(meant); ok {
			hint = "did you mean `" + meant + "`?"
		}
		c.report("M0505", s.Currency.At, "settings", hint, fmt.Sprintf("`%s` is no currency code of ISO 4217", code))
		return
	}
	c.program.Currency, c.program.Digits, c.b.digits = code, digits, digits
}

// useMoney is called wherever money appears: a currency must be set.
func (c *compilation) useMoney(at diag.Span) {
	if c.program.Currency != "" || c.moneyReported {
		return
	}
	c.moneyReported = true
	c.report("M0507", at, "", "add `currency CNY` to the settings", "money is used, but the settings give no currency")
}

func (c *compilation) readHolidays(s *dsl.Settings) {
	seen := map[int64]diag.Span{}
	read := func(dates []*dsl.DateLit) (days []int64) {
		for _, d := range dates {
			day := calendar.FromCivil(d.Year, d.Month, d.Day)
			if first, ok := seen[day]; ok {
				c.report("M0508", d.At, "settings", "", fmt.Sprintf("`%s` is listed twice among holidays and workdays", d.At.Text()),
					diag.Related{Span: first, Message: "the first is here"})
				continue
			}
			seen[day] = d.At
			days = append(days, day)
		}
		return days
	}
	c.program.Holidays = read(s.Holidays)
	c.program.Workdays = read(s.Workdays)
}

// origin is the beginning of the first file.
func (c *compilation) origin() diag.Span {
	if len(c.files) == 0 {
		return diag.Span{}
	}
	return diag.Span{File: c.files[0].Source}
}
