package compiler

import (
	"sort"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// phoneRegions lists the regions whose phone numbers can be normalised, as two capital letters.
var phoneRegions = sync.OnceValue(func() []string {
	var regions []string
	for r := range phonenumbers.GetSupportedRegions() {
		regions = append(regions, r)
	}
	sort.Strings(regions)
	return regions
})
