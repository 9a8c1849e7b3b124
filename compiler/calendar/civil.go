package calendar

// MinDate and MaxDate bound the dates that arithmetic yields: about 290,000 years either way, so that every one of
// them has its instants.
const (
	MinDate = -106_000_000
	MaxDate = 106_000_000
)

func inRange(d int64) bool { return d >= MinDate && d <= MaxDate }

func clampDate(d int64) int64 { return min(max(d, MinDate), MaxDate) }

// Civil is the year, month and day of a date in the Gregorian calendar, carried on before its introduction. Dates
// beyond [MinDate, MaxDate] are taken as the bound.
func Civil(d int64) (year, month, day int) {
	// Years start in March here, so that the leap day ends them; eras are of 400 years.
	d = clampDate(d) + 719_468
	era := floorDiv(d, 146_097)
	ofEra := d - era*146_097
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	fromMarch := (5*ofYear + 2) / 153
	day = int(ofYear - (153*fromMarch+2)/5 + 1)
	month = int(fromMarch + 3)
	if month > 12 {
		month -= 12
	}
	year = int(yearOfEra + era*400)
	if month <= 2 {
		year++
	}
	return year, month, day
}

// FromCivil is the date of a year, month and day. Months and days beyond their range carry over; a year beyond about
// ±290,000 saturates.
func FromCivil(year, month, day int) int64 {
	const far = 300_000
	y := min(max(int64(year), -far), far)
	m := int64(min(max(month, -12*far), 12*far)) - 3
	dd := min(max(int64(day), 2*MinDate), 2*MaxDate)
	y += floorDiv(m, 12)
	m = floorMod(m, 12)
	era := floorDiv(y, 400)
	ofEra := y - era*400
	days := era*146_097 + ofEra*365 + ofEra/4 - ofEra/100 + (153*m+2)/5
	return clampDate(days - 719_468 + dd - 1)
}

// DaysIn is how many days a month has.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Valid reports whether there is such a date.
func Valid(year, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= DaysIn(year, month)
}

// Weekday is 1 on Monday to 7 on Sunday.
func Weekday(d int64) int { return int(floorMod(floorMod(d, 7)+3, 7)) + 1 }

// Quarter is 1 to 4.
func Quarter(d int64) int {
	_, m, _ := Civil(d)
	return (m + 2) / 3
}

// AddMonths is the date n months after d, the day of the month clamped to the month's last. It saturates at MinDate
// and MaxDate.
func AddMonths(d int64, n int) int64 {
	const most = 12 * 600_000
	year, month, day := Civil(d)
	months := int64(year)*12 + int64(month-1) + min(max(int64(n), -most), most)
	year, month = int(floorDiv(months, 12)), int(floorMod(months, 12))+1
	return FromCivil(year, month, min(day, DaysIn(year, month)))
}

// Age is the full years from birth up to today; it goes up on the anniversary (for 29 February: 28 February in other
// years), and is negative before birth.
func Age(birth, today int64) int64 {
	by, bm, bd := Civil(birth)
	ty, _, _ := Civil(today)
	age := int64(ty - by)
	if today < anniversaryIn(ty, bm, bd) {
		age--
	}
	return age
}

// Anniversary is the next anniversary of d that is not before today and after d itself.
func Anniversary(d, today int64) int64 {
	y, m, day := Civil(d)
	ty, _, _ := Civil(today)
	year := max(y+1, ty)
	a := anniversaryIn(year, m, day)
	if a < today {
		a = anniversaryIn(year+1, m, day)
	}
	return a
}

func anniversaryIn(year, month, day int) int64 {
	return FromCivil(year, month, min(day, DaysIn(year, month)))
}
