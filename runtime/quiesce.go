package runtime

// Quiesce returns when everything that was being computed of the view's blocks when it was called is done.
func (v *View) Quiesce() {
	for _, b := range *v.blocks.Load() {
		b.mu.Lock()
		_ = b.loaded
		b.mu.Unlock()
	}
}
