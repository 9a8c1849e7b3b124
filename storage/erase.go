package storage

// erase takes erased members out of what their columns do not hold, and notes that their traces in the file are still to
// be removed. The root is the caller's to put.
func (c *commit) erase(file string, members []uint32) error {
	if len(members) == 0 {
		return nil
	}
	c.next.Erasing = true
	return c.redactConflicts(file, members)
}
