package identity

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Spellings returns the forms in which an id, given as stored, may stand somewhere: as it is and, of a phone number, with
// its country's code and without.
func Spellings(id string) []string {
	out := []string{id}
	if !strings.HasPrefix(id, "+") {
		return out
	}
	num, err := phonenumbers.Parse(id, "")
	if err != nil {
		return out
	}
	national := phonenumbers.GetNationalSignificantNumber(num)
	return append(out, strconv.Itoa(int(num.GetCountryCode()))+national, national)
}
