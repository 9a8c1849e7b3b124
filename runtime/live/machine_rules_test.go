package live

// ruleSet is one that the state machine runs.
type ruleSet struct {
	name, text string
	start      []string   // local times at which a run may begin
	minutes    []int64    // lengths of windows of hours and minutes, and of manual tags that hold so long
	hours      int64      // hours since and until are compared with at most so many
	shifts     []int64    // minutes that are added to times before hours are counted
	spans      []int64    // minutes by which now or times that it is compared with are moved; of clock changes, more or less
	ticks      int64      // if not 0, hours are read from the clock: something may change whenever so many minutes are full
	merges     bool       // members turn out to be one, are parted, renamed and erased
	asks       []string   // ad hoc, undeclared aggregates among them
	edits      [][]string // of the text, old and new by turns: the rules that reloads put in force
}

var ruleSets = []*ruleSet{
	{
		name: "windows",
		text: `
settings { language 1  timezone "Europe/London"  currency GBP  week sunday }
member { phone id  joined time  birthday date }
event order { order_id key  amount money  pieces int  weight number }
event visit { page string }
tag days3    = count(order) in last 3 days
tag weeks1   = sum(order.amount) in last 1 week
tag months1  = avg(order.amount) in last 1 month
tag quarter1 = max(order.pieces) in last 1 quarter
tag year1    = sum(order.weight) in last 1 year
tag hours6   = count(order) in last 6 hours
tag minutes90 = sum(order.pieces) in last 90 minutes
tag today_n  = count(order) in this day
tag week_n   = count(visit) in this week
tag month_n  = sum(order.amount) in this month
tag quarter_n = count(order where amount > 10) in this quarter
tag year_n   = min(order.amount) in this year
tag day2     = count(order) in previous 2 days
tag month1   = sum(order.amount) in previous 1 month
tag week2    = has(visit) in previous 2 weeks
tag since_d  = count(order) since 2026-03-28
tag since_t  = count(order) since 2026-03-29T01:30
tag before_t = avg(order.weight) before 2026-03-29T02:00
tag span     = count(order) from 2026-03-28 to 2026-03-29
tag until_today = count(order) from 2026-03-01 to today
tag since_today = count(visit) since today
tag first_page = first(visit.page) in last 2 days
tag last_page  = last(visit.page)
tag years     = age(birthday)
tag party     = anniversary(birthday)
segment s_days3 = days3 >= 2
segment s_hours6 = hours6 >= 2
segment s_minutes = minutes90 > 3
segment s_today = today_n > 0 and not has(visit) in last 30 minutes
segment s_week = week_n >= 1
segment s_months = months1 > 50
segment s_recent = has(order) in last 2 days
segment s_since = since_t > 0
segment s_span = span >= 1 and until_today >= 1
segment s_page = first_page = "a" or last_page = "b"
segment s_adult = years >= 18
segment s_party = days until party <= 1
segment s_odd = month_n > months1
`,
		start:   []string{"2026-03-28T22:50", "2026-03-29T00:30", "2026-10-24T23:30", "2026-12-31T20:00", "2028-02-28T23:00"},
		minutes: []int64{360, 90, 30, 120, 300, 15},
		asks: []string{
			`count(order where amount > 20) in last 2 hours > 0`, `sum(order.amount) in last 5 days`, `days3 + today_n`,
			`has(visit where page = "a") in last 15 minutes`, `last(order.amount) > 10 and s_week`, `count(visit) in last 5 hours`,
			`ntile(2, weeks1)`, `ntile(3, days3) = 3`, `max(order.weight) in this week`, `top(visit.page by count(visit)) in last 2 days`,
		},
		edits: [][]string{
			{"s_days3 = days3 >= 2", "s_days3 = days3 >= 1", "count(order) in last 3 days", "count(order) in last 2 days"},
			{"segment s_page = first_page = \"a\" or last_page = \"b\"\n", "segment s_late = count(visit) in last 2 hours >= 1\n", "s_hours6 = hours6 >= 2", "s_hours6 = hours6 >= 1"},
			{"week sunday", "week monday"},
			{"settings {", "tag days1 = sum(order.pieces) in last 1 day\nsettings {", "s_minutes = minutes90 > 3", "s_minutes = days1 > 2"},
		},
	},
	{
		name: "hours",
		text: `
settings { language 1  timezone "Australia/Lord_Howe"  currency AUD }
member { phone id  union id many  joined time  opens time  vip bool }
event order { order_id key  amount money  promised time }
event ping { }
list calls
tag mood manual enum "bad" "fair" "good" for 1 day
tag badge manual string for 2 days
tag pass manual int for 1 month
tag stars manual money
tag since_last = hours since last(order)
tag until_open = hours until opens
tag promise = hours until (last(order.promised) + 30 minutes)
tag in_shop = hours since last(ping)
tag quick = when since_last < 3 then "hot" when since_last < 30 then "warm" else "cold"
tag opening = when until_open > 0 then until_open else 0
segment fresh = since_last < 2
segment warm = quick = "warm"
segment waiting = promise >= 0 and promise <= 5
segment soon = until_open between 0 and 12
segment here = in_shop = 0
segment happy = mood >= "fair"
segment badged = badge is known and not calls
segment passed = pass > 2 and badge = "a"
segment called = calls and vip
segment starred = stars > 10 or (hours since joined) < 1
segment mixed = mood is unknown and has(order) in last 1 hours
segment two_ids = union contains "a"
`,
		start:   []string{"2026-04-05T00:40", "2026-10-03T23:10", "2026-06-10T12:00"},
		minutes: []int64{60, 180, 45},
		hours:   31, shifts: []int64{30},
		asks: []string{
			`hours since first(order) > 3`, `hours until joined`, `mood ?? "bad"`, `badge = "a" and calls`, `count(ping) in last 3 hours >= 2`,
			`hours since (joined + 45 minutes) >= 2`, `quick = "cold" or vip`, `first(order.promised) is known`, `union`, `mood`,
		},
		edits: [][]string{
			{"fresh = since_last < 2", "fresh = since_last < 5", "segment mixed = mood is unknown and has(order) in last 1 hours\n", ""},
			{"passed = pass > 2 and badge = \"a\"", "passed = pass > 1", "tag in_shop = hours since last(ping)", "tag in_shop = hours since last(order)"},
			{"vip bool }", "vip bool  shoe int }", "called = calls and vip", "called = calls and (vip or shoe > 1)"},
		},
	},
	{
		name: "tags",
		text: `
settings { language 1  timezone "America/St_Johns"  currency CAD }
member { phone id  union id many  city string  gender enum "f" "m" "x"  home shop  height number  score int  born date }
table shop { code key  region string  grade enum "C" "B" "A"  rent money  parent shop }
event order { order_id key  shop shop  category string  channel enum "pos" "web" "app"  amount money  discount money  pieces int
  full money = amount + (discount ?? 0)
  big bool = full > 100 }
event note { text string  good bool }
list white
list black
tag spend = sum(order.full)
tag lately = sum(order.full) in last 2 days
tag favourite = top(order.category by sum(order.amount)) in last 10 days
tag channel = top(order.channel by count(order))
tag shops = distinct(order.shop) in last 30 days
tag cats = set(order.category)
tag regions = set(order.shop.region)
tag same_city = count(order where shop = member.home)
tag above = count(order where amount > member.lately)
tag copy_city = city
tag copy_spend = spend
tag copy_copy = copy_spend
tag good = last(note.good)
tag pet manual set of string
tag level = when spend >= 500 then "gold" when spend >= 100 then "silver" else "none"
tag next_level = level
tag grade = home.grade
tag last_shop = last(order.shop)
tag last_grade = last(order.shop.grade)
tag rate = spend / (count(order) + 0)
tag half = spend * 0.5
tag share = lately / spend
tag luck = chance("luck")
tag bracket = bucket(spend, 50, 100, 500)
tag label = city ?? favourite ?? "none"
tag size = height * 2.5
segment golds = level = "gold"
segment rising = lately > 50 and not golds
segment big_buyer = has(order where big)
segment likes_a = favourite = "a"
segment webby = channel >= "web"
segment likes_set = cats contains "b"
segment east = home.region = "east" or regions contains "east"
segment grade_b = last_grade >= "B"
segment good_note = good
segment lucky = luck < 50% and spend > 0
segment allowed = white and not black
segment lists = golds or rising or allowed
segment bucketed = bracket >= "100-500"
segment men = gender = "m" and score > 2
segment tall = size > 4 and label != "none"
segment pets = pet contains "a"
segment at_home = same_city >= 1 and above >= 1
`,
		start: []string{"2010-11-06T22:40", "2010-11-06T23:58", "2010-03-13T23:30", "2010-07-01T10:00"},
		asks: []string{
			`distinct(order.category) > 1`, `top(order.shop by max(order.amount))`, `level = "gold" and has(note) in last 1 days`,
			`count(order where amount > member.spend)`, `half`, `copy_copy > 100`, `size`, `home.parent.region = "east"`, `pet`, `cats`, `share > 0.3`,
			`avg(order.full where channel = "web")`, `favourite`, `next_level`, `luck`, `union contains "a"`, `rate`,
		},
		edits: [][]string{
			{"spend >= 500", "spend >= 300", "sum(order.full) in last 2 days", "sum(order.full) in last 5 days"},
			{"amount + (discount ?? 0)", "amount - (discount ?? 0)", "likes_set = cats contains \"b\"", "likes_set = cats contains \"a\""},
			{"by sum(order.amount)) in last 10 days", "by count(order)) in last 3 days", "segment lucky = luck < 50% and spend > 0\n", "segment plain = level = \"none\"\n"},
			{"distinct(order.shop) in last 30 days", "distinct(order.category)", "tag copy_spend = spend", "tag copy_spend = lately", "event note {", "event nod { }\nevent note {"},
		},
	},
	{
		name: "ntiles",
		text: `
settings { language 1  timezone "America/Sao_Paulo"  currency BRL }
member { phone id  city string  height number  joined time }
event order { order_id key  amount money  pieces int }
list watch
tag spend = sum(order.amount) in last 5 days
tag buys = count(order)
tag third = ntile(3, spend)
tag quart = ntile(4, (when buys > 0 then spend))
tag tall = ntile(2, height)
tag old = ntile(2, joined)
tag exact = ntile(3, spend * 0.3)
tag sum_n = third + (quart ?? 0)
tag nested = ntile(2, sum_n)
tag recent = ntile(2, days since last(order))
segment top_third = third = 3
segment best = quart >= 3 and nested = 2
segment upper = tall = 2
segment early = old = 1 and not watch
segment exact_top = exact = 3
segment fading = recent = 2 and has(order) in last 3 hours
segment n_top = ntile(2, (when top_third then buys)) = 2
`,
		start:   []string{"2018-11-03T20:00", "2018-02-17T22:30", "2026-01-30T23:30"},
		minutes: []int64{180},
		asks: []string{
			`ntile(2, buys) = 2`, `ntile(3, spend)`, `ntile(2, sum(order.pieces))`, `third = 1 and buys > 1`, `sum_n`, `ntile(2, sum_n) = 1`,
		},
		edits: [][]string{
			{"sum(order.amount) in last 5 days", "sum(order.amount) in last 3 days"},
			{"top_third = third = 3", "top_third = third >= 2", "ntile(4, (when", "ntile(3, (when"},
			{"tall = ntile(2, height)", "tall = ntile(3, height)", "early = old = 1 and not watch", "early = old = 1"},
		},
	},
	{
		name: "clock",
		text: `
settings { language 1  timezone "Europe/London"  currency GBP }
member { phone id  joined time  opens time  born date  vip bool }
event order { order_id key  amount money  promised time }
tag hours_open = when hour(now) >= 9 and hour(now) < 21 then "open" else "closed"
tag hour_now = hour(now)
tag delivery = date(now + 6 hours)
tag limit = when hour(now) < 12 then 10 else 50
tag buys = count(order)
tag spend = sum(order.amount) in last 2 days
tag above = count(order where amount > member.limit)
tag half = ntile(2, (when hours_open = "closed" then spend))
tag quick = when now - 90 minutes <= last(order) then "hot" when now < joined + 2 days then "warm" else "cold"
tag since_start = hours since 2026-03-28T23:30
segment trial = joined + 3 days >= now
segment fresh = now - 2 days < last(order)
segment fresh_hours = last(order) + 36 hours > now
segment late = last(order.promised) < now
segment exactly = opens = now
segment otherwise = opens != now
segment noon = hour(now + 30 minutes) = 12 and vip
segment born_soon = date(now + 6 hours) = born
segment visiting = now between opens and opens + 1 days
segment shop = hours_open = "open" and buys > 0
segment big = above > 0
segment started = since_start >= 3 and since_start < 20 and vip
segment upper = half = 2
segment hot = quick = "hot" or quick = "warm" and hour_now >= 20
segment gone = now > 2026-03-29T00:59:30 and not vip
`,
		start: []string{"2026-03-28T22:50", "2026-10-24T23:30", "2026-06-01T08:10"},
		spans: []int64{0, 1440, 2 * 1440, 3 * 1440, 36 * 60, 90}, ticks: 30,
		asks: []string{
			`count(order where amount > 20) in last 2 hours > 0`, `quick`, `last(order) + 1 days > now`, `hour(now) + buys`, `opens - 1 days < now`,
		},
		edits: [][]string{
			{"hour(now) >= 9", "hour(now) >= 12", "joined + 3 days >= now", "joined + 2 days >= now"},
			{"segment big = above > 0\n", "", "born_soon = date(now + 6 hours) = born", "born_soon = date(now) = born"},
		},
	},
	{
		name: "identity",
		text: `
settings { language 1  timezone "Europe/London"  currency GBP }
member { phone id  union id many  card id  city string  score int  joined time }
event order { order_id key  amount money  shop string }
event ping { }
list white
tag mood manual enum "bad" "fair" "good" for 1 day
tag spend = sum(order.amount)
tag lately = count(order) in last 2 days
tag first_shop = first(order.shop)
tag last_shop = last(order.shop)
tag pings = count(ping) in last 3 hours
tag unions = union
tag third = ntile(3, spend)
segment golds = spend >= 100
segment two = count(order) >= 2 and not white
segment here = pings > 0
segment town = city = "a" or city = "b"
segment listed = white
segment happy = mood >= "fair"
segment carded = card is known and phone is known
segment same_shop = first_shop = last_shop
segment upper = third = 3
`,
		start:   []string{"2026-03-28T22:50", "2026-06-01T12:00"},
		minutes: []int64{180, 300},
		merges:  true,
		asks: []string{
			`count(order) in last 5 days`, `phone`, `card`, `union contains "b"`, `city`, `mood`, `max(order.amount) > 10`, `chance("x") < 50%`, `score`,
		},
		edits: [][]string{
			{"golds = spend >= 100", "golds = spend >= 50", "count(ping) in last 3 hours", "count(ping) in last 5 hours"},
			{"ntile(3, spend)", "ntile(2, spend)", "town = city = \"a\" or city = \"b\"", "town = city = \"c\""},
		},
	},
}
