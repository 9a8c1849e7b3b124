package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ledgerModel is what the language says of ledgerRules, written down a second time and as plainly as can be: it knows
// neither the compiler nor the programme, has its numbers in itself and visits every midnight.
type ledgerModel struct {
	zone    *time.Location
	now     int64
	members []*ledgerMember // in the order of their numbers
	made    int             // lots
	issued  int             // codes that are not void, of everybody
}

// What ledgerRules say.
const (
	ledgerExpire  = 5   // days
	ledgerPending = 1   // days
	ledgerCap     = 300 // points of orders per month
	ledgerTimes   = 2   // reviews per day
	ledgerReview  = 20
	ledgerWindow  = 10 // days that the measure looks back
	ledgerKeep    = 3  // days
	ledgerPrice   = 30
	ledgerValid   = 2 // days
	ledgerStock   = 2
)

var (
	ledgerStart = dayNumber(2026, 1, 1)
	ledgerTiers = []string{"plain", "silver", "gold"}
	ledgerFrom  = []int64{0, 100, 220}
)

func dayNumber(year int, month time.Month, day int) int {
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func dayText(day int) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }

type ledgerMember struct {
	phones  []string
	there   map[string]bool // events that have been sent, by type and key
	ahead   []ledgerEvent   // whose time has not come
	orders  map[string]int64
	refunds map[string]int64 // what came back, by order
	lots    []*ledgerLot     // as they were made
	debt    int64
	spent   map[string]*ledgerSpending
	returns map[string]int64
	tier    int
	keep    int
	codes   []*ledgerCode
}

type ledgerEvent struct {
	kind, key, order string
	amount, at       int64
}

type ledgerLot struct {
	made              int
	rule, order       string
	day, expires, due int
	given, taken      int64
	left              int64
	pending           bool
	earned            int64 // what became active, less reversals
}

type ledgerSpending struct {
	points int64
	from   []ledgerPart
}

type ledgerPart struct {
	lot *ledgerLot
	n   int64
}

type ledgerCode struct {
	key, code, state string
	expires          int
	paid             *ledgerSpending
}

func (m *ledgerModel) day(at int64) int {
	t := time.UnixMicro(at).In(m.zone)
	return dayNumber(t.Year(), t.Month(), t.Day())
}

func (m *ledgerModel) today() int { return m.day(m.now) }

func (m *ledgerModel) midnight(day int) int64 {
	t := time.Unix(int64(day)*86400, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, m.zone).UnixMicro()
}

// find returns the member with an id; nil if nobody has it.
func (m *ledgerModel) find(phone string) *ledgerMember {
	for _, p := range m.members {
		if slices.Contains(p.phones, phone) {
			return p
		}
	}
	return nil
}

// pass lets time pass: midnights and the times of events sent ahead, in order.
func (m *ledgerModel) pass(to int64) {
	for m.now < to {
		next := min(to, m.midnight(m.today()+1))
		for _, p := range m.members {
			for _, e := range p.ahead {
				next = min(next, e.at)
			}
		}
		dawn := m.day(next) != m.today()
		m.now = next
		for _, p := range m.members {
			if dawn {
				m.dawn(p)
			}
			for _, e := range slices.Clone(p.ahead) {
				if e.at <= m.now {
					p.ahead = slices.DeleteFunc(p.ahead, func(x ledgerEvent) bool { return x == e })
					m.happen(p, e)
				}
			}
		}
	}
}

// dawn is what happens at a local midnight.
func (m *ledgerModel) dawn(p *ledgerMember) {
	today := m.today()
	for _, l := range p.byExpiry() {
		if l.pending && l.due <= today {
			l.pending = false
			l.earned += l.left
			p.payOff(l)
		}
	}
	for _, l := range p.lots {
		if l.expires < today {
			l.left = 0
		}
	}
	for _, c := range p.codes {
		if c.state == "usable" && c.expires < today {
			c.state = "expired"
		}
	}
	m.measure(p, 0)
}

// event takes an event that is sent; false if the member has it.
func (m *ledgerModel) event(phone string, e ledgerEvent) bool {
	p := m.find(phone)
	if p == nil {
		p = &ledgerMember{
			phones: []string{phone}, there: map[string]bool{}, orders: map[string]int64{}, refunds: map[string]int64{},
			spent: map[string]*ledgerSpending{}, returns: map[string]int64{},
		}
		m.members = append(m.members, p)
	}
	if p.there[e.kind+e.key] {
		return false
	}
	p.there[e.kind+e.key] = true
	if e.at > m.now {
		p.ahead = append(p.ahead, e)
		slices.SortStableFunc(p.ahead, func(a, b ledgerEvent) int { return cmp.Compare(a.at, b.at) })
		return true
	}
	m.happen(p, e)
	return true
}

// happen lets an event count.
func (m *ledgerModel) happen(p *ledgerMember, e ledgerEvent) {
	was := p.measured(m.today())
	day := m.day(e.at)
	if day < ledgerStart {
		return
	}
	switch e.kind {
	case "order":
		p.orders[e.key] = e.amount
		used := int64(0)
		for _, l := range p.lots {
			if l.rule == "shopping" && dayText(l.day)[:7] == dayText(day)[:7] {
				used += l.given - l.taken
			}
		}
		m.earn(p, "shopping", e.key, min(e.amount/100, ledgerCap-used), day)
		m.reverse(p, e.key)
	case "review":
		times := 0
		for _, l := range p.lots {
			if l.rule == "words" && l.day == day {
				times++
			}
		}
		if times < ledgerTimes {
			m.earn(p, "words", "", ledgerReview, day)
		}
	case "refund":
		p.refunds[e.order] += e.amount
		m.reverse(p, e.order)
	}
	m.measure(p, was)
}

func (m *ledgerModel) earn(p *ledgerMember, rule, order string, n int64, day int) {
	if n <= 0 {
		return
	}
	m.made++
	l := &ledgerLot{made: m.made, rule: rule, order: order, day: day, expires: day + ledgerExpire, due: day + ledgerPending + 1, given: n, left: n}
	p.lots = append(p.lots, l)
	if l.due > m.today() {
		l.pending = true
		return
	}
	l.earned = n
	m.back(p, l)
}

// back is what follows when a lot has more active points: they pay the debt first, and are forfeited if it has expired.
func (m *ledgerModel) back(p *ledgerMember, l *ledgerLot) {
	p.payOff(l)
	if l.expires < m.today() {
		l.left = 0
	}
}

func (p *ledgerMember) payOff(l *ledgerLot) {
	n := min(p.debt, l.left)
	l.left -= n
	p.debt -= n
}

// reverse takes back of an order's points what refunds say and was not taken yet.
func (m *ledgerModel) reverse(p *ledgerMember, order string) {
	for _, l := range p.lots {
		if l.rule != "shopping" || l.order != order {
			continue
		}
		n := l.given*min(p.refunds[order], p.orders[order])/p.orders[order] - l.taken
		l.taken += n
		if !l.pending {
			l.earned -= n
		}
		k := min(n, l.left)
		l.left -= k
		if l.pending && n > k {
			panic("more is taken of a lot than is pending")
		}
		p.debt += n - k
	}
}

// measured is earned(stars) in the window.
func (p *ledgerMember) measured(today int) (sum int64) {
	for _, l := range p.lots {
		if l.day > today-ledgerWindow && l.day <= today {
			sum += l.earned
		}
	}
	return sum
}

// measure settles the tier. was is what was measured before an event, 0 where time has passed.
func (m *ledgerModel) measure(p *ledgerMember, was int64) {
	today, now, target := m.today(), p.measured(m.today()), 0
	for i, from := range ledgerFrom {
		if now >= from {
			target = i
		}
	}
	switch over := p.keep < today; {
	case target > p.tier:
		p.tier = target
	case target == p.tier && over:
	case target < p.tier && (over || was >= ledgerFrom[p.tier]):
		p.tier--
	default:
		return
	}
	p.keep = today + ledgerKeep
}

// byExpiry are the lots as spending takes them.
func (p *ledgerMember) byExpiry() []*ledgerLot {
	out := slices.Clone(p.lots)
	slices.SortStableFunc(out, func(a, b *ledgerLot) int { return cmp.Compare(a.expires, b.expires) })
	return out
}

func (p *ledgerMember) balance() (active, pending int64) {
	active = -p.debt
	for _, l := range p.lots {
		if l.pending {
			pending += l.left
		} else {
			active += l.left
		}
	}
	return active, pending
}

// take spends points; nil if there are not enough.
func (p *ledgerMember) take(n int64) *ledgerSpending {
	if there, _ := p.balance(); there < n {
		return nil
	}
	s := &ledgerSpending{points: n}
	for _, l := range p.byExpiry() {
		if k := min(n, l.left); k > 0 && !l.pending {
			l.left -= k
			n -= k
			s.from = append(s.from, ledgerPart{l, k})
		}
	}
	return s
}

// put gives spent points back, the last taken first; false if fewer were spent.
func (m *ledgerModel) put(p *ledgerMember, s *ledgerSpending, n int64) bool {
	all := int64(0)
	for _, part := range s.from {
		all += part.n
	}
	if n > all {
		return false
	}
	for i := len(s.from) - 1; i >= 0; i-- {
		part := &s.from[i]
		k := min(n, part.n)
		part.n -= k
		n -= k
		part.lot.left += k
		m.back(p, part.lot)
	}
	return true
}

func (m *ledgerModel) spend(phone, key string, n int64) Status {
	p := m.find(phone)
	switch {
	case p == nil:
		return Rejected
	case p.spent[key] != nil:
		return again(p.spent[key].points == n)
	}
	s := p.take(n)
	if s == nil {
		return Rejected
	}
	p.spent[key] = s
	return Accepted
}

func again(same bool) Status {
	if same {
		return Duplicate
	}
	return Rejected
}

func (m *ledgerModel) giveBack(phone, key, spending string, n int64) Status {
	p := m.find(phone)
	if p == nil {
		return Rejected
	}
	if before, ok := p.returns[key]; ok {
		return again(before == n)
	}
	if s := p.spent[spending]; s == nil || !m.put(p, s, n) {
		return Rejected
	}
	p.returns[key] = n
	return Accepted
}

// issue sells a code.
func (m *ledgerModel) issue(phone, key, code string) Status {
	p := m.find(phone)
	if p == nil {
		return Rejected
	}
	if slices.ContainsFunc(p.codes, func(c *ledgerCode) bool { return c.key == key }) {
		return Duplicate
	}
	if m.issued == ledgerStock {
		return Rejected
	}
	paid := p.take(ledgerPrice)
	if paid == nil {
		return Rejected
	}
	m.issued++
	p.codes = append(p.codes, &ledgerCode{key: key, code: code, state: "usable", expires: m.today() + ledgerValid, paid: paid})
	return Accepted
}

// do uses a code, takes its use back or voids it.
func (m *ledgerModel) do(p *ledgerMember, c *ledgerCode, what string) Status {
	switch {
	case what == UseCode && c.state == "usable":
		c.state = "used"
	case what == ReturnCode && c.state == "used" && c.expires < m.today():
		c.state = "expired"
	case what == ReturnCode && c.state == "used":
		c.state = "usable"
	case what == VoidCode && c.state == "usable":
		c.state = "void"
		m.issued--
		m.put(p, c.paid, ledgerPrice)
	default:
		return Rejected
	}
	return Accepted
}

// told is everything that a member has.
func (p *ledgerMember) told(today int) string {
	var out strings.Builder
	balance, pending := p.balance()
	fmt.Fprintf(&out, "balance %d, pending %d, measure %d, tier %s", balance, pending, p.measured(today), ledgerTiers[p.tier])
	if p.tier > 0 {
		fmt.Fprintf(&out, " until %s", dayText(p.keep))
	}
	for _, l := range p.lots {
		if l.left > 0 && l.pending {
			fmt.Fprintf(&out, "\n%d of %s %s, pending until %s, expires %s", l.left, l.rule, dayText(l.day), dayText(l.due), dayText(l.expires))
		} else if l.left > 0 {
			fmt.Fprintf(&out, "\n%d of %s %s, expires %s", l.left, l.rule, dayText(l.day), dayText(l.expires))
		}
	}
	for _, c := range slices.SortedFunc(slices.Values(p.codes), func(a, b *ledgerCode) int { return cmp.Compare(a.code, b.code) }) {
		fmt.Fprintf(&out, "\ncode %s %s, expires %s", c.code, c.state, dayText(c.expires))
	}
	return out.String()
}
