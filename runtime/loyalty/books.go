package loyalty

import "fmt"

// Books checks the ledger of points against what it must be, entry by entry, and describes the first difference; "" if it
// is sound: no lot has less than nothing active or pending or more than it was granted, and the debt is never above nothing.
func (a *Account) Books(points int) string {
	return audit(a.Lots(points))
}

func audit(lots []Lot) string {
	for _, l := range lots {
		switch {
		case l.ID == debt:
			if l.Active > 0 || l.Pending != 0 {
				return fmt.Sprintf("the debt is %d active and %d pending", l.Active, l.Pending)
			}
			continue
		case l.Active < 0 || l.Pending < 0:
			return fmt.Sprintf("lot %d has %d active and %d pending points", l.ID, l.Active, l.Pending)
		case l.Taken < 0 || l.Taken > l.Granted:
			return fmt.Sprintf("lot %d was granted %d points, and %d were taken back", l.ID, l.Granted, l.Taken)
		case l.Active+l.Pending > l.Granted:
			return fmt.Sprintf("lot %d was granted %d points, and has %d", l.ID, l.Granted, l.Active+l.Pending)
		}
	}
	return ""
}
