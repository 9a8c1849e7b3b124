package effect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/effect"
	"github.com/muster-engine/muster/runtime/replay"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// clubRules are a small programme, in which a test can change rate, rung, bound and template.
func clubRules(rate, rung, bound int, template string) string {
	return fmt.Sprintf(head+`
points stars {
  start 2026-01-01  expire never
  earn shopping on order { give floor(amount) * %d }
}
tiers loyalty { by earned(stars) in last 12 months  tier "plain"  tier "silver" from %d  keep 12 months }
coupon back { off 10  valid 5 days }
sink sms { file "sms.ndjson" }
campaign thanks { on order where amount >= %d  do { issue back  send sms "%s" } }
`, rate, rung, bound, template)
}

// shoppers are members with orders of up to 90 days ago, and a model of them: the amounts by days ago, in yuan.
func shoppers(n int, random *rand.Rand) (*storage.Memory, [][][2]int) {
	m, model := storage.NewMemory(), make([][][2]int, n)
	for i := range n {
		member := m.NewMember()
		m.Set("phone", member, column.Text(fmt.Sprintf("p%d", i)))
		for range random.IntN(4) {
			ago, yuan := random.IntN(90), 1+random.IntN(500)
			at := now - int64(ago)*day - random.Int64N(day-1) - 1 // some time of the day before
			m.AddEvent("order", member, at, map[string]column.Value{"amount": column.Int(int64(yuan) * 100)})
			model[i] = append(model[i], [2]int{ago + 1, yuan})
		}
	}
	return m, model
}

func play(t testing.TB, data storage.Data, before, after *ir.Program, r effect.Replay) *effect.Report {
	t.Helper()
	out, err := effect.Compare(context.Background(), view(before, data), view(after, data), effect.Options{Replay: &r})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// line finds a line of a report; one that is not listed is zero.
func line(r *effect.Report, name string, when effect.When, what replay.What, of string) effect.Line {
	if r.Programme == nil {
		return effect.Line{}
	}
	for _, x := range r.Programme.Items {
		for _, l := range x.Lines {
			if x.Name == name && l.When == when && l.What == what && l.Of == of {
				return l
			}
		}
	}
	return effect.Line{}
}

// TestProgrammeIsThatOfEachMember holds what is reported of an edit to sums over the model of the members.
func TestProgrammeIsThatOfEachMember(t *testing.T) {
	data, model := shoppers(30, rand.New(rand.NewPCG(1, 2)))
	rapid.Check(t, func(r *rapid.T) {
		type set struct {
			rate, rung, bound int
			template          string
		}
		draw := func(name string) set {
			return set{
				rapid.IntRange(0, 3).Draw(r, name+" rate"), rapid.SampledFrom([]int{100, 400, 900}).Draw(r, name+" rung"),
				rapid.SampledFrom([]int{100, 300}).Draw(r, name+" bound"), rapid.SampledFrom([]string{"a", "b"}).Draw(r, name+" template"),
			}
		}
		days := rapid.IntRange(1, 40).Draw(r, "days")
		old, new := draw("old"), draw("new")
		compiled := func(s set) *ir.Program { return program(t, clubRules(s.rate, s.rung, s.bound, s.template)) }
		report := play(t, data, compiled(old), compiled(new), effect.Replay{Days: int64(days)})
		if (report.Programme != nil) != (old != new) {
			r.Fatalf("%+v and %+v: the programme is %+v", old, new, report.Programme)
		}
		sums := func(s set) (earned, sent, silver int64) {
			for _, orders := range model {
				var mine int64
				for _, o := range orders {
					if o[0] > days {
						continue
					}
					mine += int64(o[1] * s.rate)
					if o[1] >= s.bound {
						sent++
					}
				}
				earned += mine
				if mine >= int64(s.rung) {
					silver++
				}
			}
			return earned, sent, silver
		}
		wasEarned, wasSent, wasSilver := sums(old)
		isEarned, isSent, isSilver := sums(new)
		reworded := int64(0)
		if old.template != new.template {
			reworded = min(wasSent, isSent)
		}
		for _, c := range []struct {
			name    string
			what    replay.What
			was, is int64
		}{
			{"stars", replay.Earned, wasEarned, isEarned}, {"stars", replay.Liability, wasEarned, isEarned},
			{"sms", replay.Sent, wasSent, isSent}, {"back", replay.Issued, wasSent, isSent}, {"thanks", replay.Started, wasSent, isSent},
			{"loyalty", replay.Rises, wasSilver, isSilver}, {"sms", effect.Reworded, 0, reworded},
		} {
			l := line(report, c.name, effect.Past, c.what, "")
			if c.was == c.is && l.Members == 0 {
				continue
			}
			if l.Before != c.was || l.After != c.is {
				r.Fatalf("%+v and %+v: %s of %s: %d and %d, want %d and %d", old, new, c.what, c.name, l.Before, l.After, c.was, c.is)
			}
		}
	})
}

// TestProgrammeOfTheSameRules: rules that are laid out otherwise, with other titles and comments, do nothing else, whether
// members are gone through or not.
func TestProgrammeOfTheSameRules(t *testing.T) {
	data, _ := shoppers(15, rand.New(rand.NewPCG(3, 4)))
	text := clubRules(2, 400, 100, "a")
	rapid.Check(t, func(r *rapid.T) {
		words := strings.Split(text, " ")
		var b strings.Builder
		for i, w := range words {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{" ", "\n", "  ", " // said so\n"}).Draw(r, "gap"))
			}
			b.WriteString(w)
		}
		other := b.String()
		if rapid.Bool().Draw(r, "title") {
			other = strings.Replace(other, "campaign", "segment any = has(order)\ncampaign", 1)
		}
		report := play(t, data, program(t, text), program(t, other), effect.Replay{Days: 30})
		if report.Programme != nil {
			r.Fatalf("%+v of\n%s", report.Programme.Items, other)
		}
		report = play(t, data, program(t, text), program(t, other), effect.Replay{Days: 30, Always: true})
		if p := report.Programme; p == nil || len(p.Items) > 0 || p.HasEffect() || p.Same != 5 {
			r.Fatalf("%+v of\n%s", p, other)
		}
	})
}

func TestProgrammeOfAPart(t *testing.T) {
	const members = 2000
	data, _ := shoppers(members, rand.New(rand.NewPCG(5, 6)))
	before, after := program(t, clubRules(1, 400, 100, "a")), program(t, clubRules(2, 400, 100, "a"))
	all := play(t, data, before, after, effect.Replay{Days: 60})
	part := play(t, data, before, after, effect.Replay{Days: 60, Members: 500})
	again := play(t, data, before, after, effect.Replay{Days: 60, Members: 500})
	if p := all.Programme; p.Sampled() || p.Members != members || p.Of != members {
		t.Errorf("all: %d of %d", p.Members, p.Of)
	}
	p := part.Programme
	if !p.Sampled() || p.Members < 400 || p.Members > 600 || p.Of != members {
		t.Errorf("a part: %d of %d", p.Members, p.Of)
	}
	if a, b := fmt.Sprint(part.Programme.Items), fmt.Sprint(again.Programme.Items); a != b {
		t.Errorf("not the same members:\n%s\n%s", a, b)
	}
	exact, estimate := line(all, "stars", effect.Past, replay.Earned, ""), line(part, "stars", effect.Past, replay.Earned, "")
	for _, x := range [][2]int64{{exact.Before, estimate.Before}, {exact.After, estimate.After}, {int64(exact.Members), int64(estimate.Members)}} {
		if off := float64(x[1])/float64(x[0]) - 1; off < -0.15 || off > 0.15 {
			t.Errorf("%d are estimated for %d", x[1], x[0])
		}
	}
}

func TestLimitsOfProgrammes(t *testing.T) {
	m := storage.NewMemory()
	for i, yuan := range []int64{500, 300, 200, 50} {
		n := m.NewMember()
		m.Set("phone", n, column.Text(fmt.Sprintf("p%d", i)))
		m.AddEvent("order", n, now-3*day, map[string]column.Value{"amount": column.Int(yuan * 100)})
	}
	before, after := clubRules(1, 400, 100, "a"), clubRules(2, 400, 300, "a")
	for _, c := range []struct{ limit, want string }{
		{"points.stars.liability > 99%", "stars liability 1050 of 1050"},
		{"points.stars.liability > 100%", ""},
		{"points.`stars`.earned >= 1_050", "stars earned 1050 of 1050"},
		{"points.stars.expired > 0", ""},
		{"messages.sms >= 2", "sms sent 2 of 3"},
		{"messages.sms > 2", ""},
		{"messages.sms < 70%", "sms sent 2 of 3"},
		{"coupon.back = 2", "back issued 2 of 3"},
		{"campaigns.thanks > 1", "thanks started 2 of 3"},
		{"tier.loyalty.up > 0", ""}, // nothing is written from which the measure would rise
		{"tiers.loyalty.changed >= 0%", "loyalty changed 0 of 4"},
	} {
		l, err := effect.ParseLimit(c.limit)
		if err != nil {
			t.Errorf("%s: %s", c.limit, err)
			continue
		}
		p, q := program(t, before), program(t, after)
		if err := l.Check(p, q); err != nil {
			t.Errorf("%s: %s", c.limit, err)
		}
		var got []string
		for _, b := range l.Breaches(play(t, m, p, q, effect.Replay{Days: 30})) {
			got = append(got, fmt.Sprintf("%s %s %d of %d", b.Name, b.Quantity, b.Members, b.Before))
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %q, want %q", c.limit, text, c.want)
		}
	}
	// What is sent by unchanged rules counts too.
	l, _ := effect.ParseLimit("messages.sms >= 3")
	p := program(t, before)
	if !l.PlaysUnchanged() || len(l.Breaches(play(t, m, p, p, effect.Replay{Days: 30, Always: true}))) != 1 {
		t.Error("messages of unchanged rules are not bounded")
	}
}

func TestLimitsOfProgrammesThatAreWrong(t *testing.T) {
	p := program(t, clubRules(1, 400, 100, "a"))
	for text, want := range map[string]string{
		"points.stars.liabilty > 1":      `"points.stars.liabilty > 1": there is no liabilty of points; did you mean liability?`,
		"points.stars.sideways > 1":      `"points.stars.sideways > 1": there is no sideways of points; there is liability, earned, given, reversed, expired, spent`,
		"tiar.loyalty.up > 1":            `"tiar.loyalty.up > 1": there is nothing called tiar; did you mean tier?`,
		"zzzzzz.loyalty.up > 1":          `"zzzzzz.loyalty.up > 1": there is nothing called zzzzzz; what has two points is of points, tier, coupons, messages, campaigns`,
		"messages.sms.sent > 1":          `"messages.sms.sent > 1": messages.sms is a number already; leave .sent out`,
		"messages.sns > 1":               `"messages.sns > 1": there is no sink "sns"; did you mean sms?`,
		"points.coins.earned > 1":        `"points.coins.earned > 1": there are no points "coins"`,
		"tier.loyalti.down > 1%":         `"tier.loyalti.down > 1%": there are no tiers "loyalti"; did you mean loyalty?`,
		"points.stars.liability > 1.5":   `"points.stars.liability > 1.5": 1.5 is no count`,
		"coupons.beck > 1":               `"coupons.beck > 1": there is no coupon "beck"; did you mean back?`,
		"points.stars.liability.x > 1":   `"points.stars.liability.x > 1" is no limit; `,
		"campaigns.thankz > 1":           `"campaigns.thankz > 1": there is no campaign "thankz"; did you mean thanks?`,
		"points.stars > 1":               `"points.stars > 1": say what of it: points.stars.liability, .earned, .given, .reversed, .expired, .spent`,
		"messages.`a sink` > 1":          `"messages.` + "`a sink`" + ` > 1": there is no sink "a sink"`,
		"points.stars.liability > -1":    `"points.stars.liability > -1" is no limit; `,
		"tier.loyalty.down > 1_000_000x": `"tier.loyalty.down > 1_000_000x" is no limit; `,
	} {
		l, err := effect.ParseLimit(text)
		if err == nil {
			err = l.Check(p, p)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
