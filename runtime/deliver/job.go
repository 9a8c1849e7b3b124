package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Members is where a sync finds members; a live engine is one.
type Members interface {
	View() *runtime.View
	IDs(numbers []uint32) ([][]live.ID, error)
	// CatchUp makes the view stand where the clock does.
	CatchUp(ctx context.Context) error
	// Present is the instant that the clock shows, in microseconds since 1970.
	Present() int64
}

// Handovers is where what was handed over last is kept; [storage.Store] is one.
type Handovers interface {
	SyncStates() ([]storage.SyncState, error)
	PutSync(st storage.SyncState, blocks map[uint32][]byte) error
	HandedOver(sync string, block uint32) ([]byte, error)
	DropSync(name string) error
}

// job is one run of a sync.
type job struct {
	sync     *ir.Sync
	prog     *ir.Program
	members  Members
	store    Handovers
	state    storage.SyncState
	segments []*ir.Segment
	tags     []*ir.Tag
	nodes    []*ir.Node
	// post hands lines over; it returns when the receiver has them, or with why it never will.
	post func(ctx context.Context, key string, text []byte) error

	buffer []byte
	parts  int
}

// begin and end are the first and the last line of a run.
type (
	beginLine struct {
		Sync     string   `json:"sync"`
		Run      int64    `json:"run"`
		Begin    string   `json:"begin"`
		Whole    bool     `json:"whole"`
		Segments []string `json:"segments"`
		Tags     []string `json:"tags"`
	}
	endLine struct {
		Sync    string `json:"sync"`
		Run     int64  `json:"run"`
		End     string `json:"end"`
		Records int64  `json:"records"`
	}
	// memberLine is what has changed of a member.
	memberLine struct {
		Sync   string               `json:"sync"`
		Run    int64                `json:"run"`
		Member uint32               `json:"member"`
		Gone   bool                 `json:"gone,omitempty"`
		IDs    map[string]any       `json:"ids"`
		Enter  []string             `json:"enter,omitempty"`
		Leave  []string             `json:"leave,omitempty"`
		Tags   map[string]tagChange `json:"tags,omitempty"`
	}
	tagChange struct {
		Old any `json:"old"`
		New any `json:"new"`
	}
)

// partBytes is about how much is handed over at a time.
const partBytes = 256 << 10

// run hands over what is to be: the state is that of the run, which has begun.
func (j *job) run(ctx context.Context) error {
	if err := j.members.CatchUp(ctx); err != nil {
		return err
	}
	view := j.members.View()
	j.prog = view.Program()
	if err := j.name(); err != nil {
		return err
	}
	now := map[uint32][]byte{}
	err := view.Values(ctx, nil, j.nodes, func(p runtime.Part) error {
		packed, err := j.take(p).encode()
		now[p.Base/column.Block] = packed
		return err
	})
	if err != nil {
		return err
	}
	segments, tags := []string{}, []string{}
	for _, s := range j.segments {
		segments = append(segments, s.Name)
	}
	for _, t := range j.tags {
		tags = append(tags, t.Name)
	}
	if err := j.add(beginLine{j.sync.Name, j.state.Run, asjson.Time(j.prog, j.state.Began), j.state.Whole, segments, tags}); err != nil {
		return err
	}
	blocks := len(j.state.Held)
	for block := range now {
		blocks = max(blocks, int(block)+1)
	}
	for block := range blocks {
		if err := j.block(ctx, uint32(block), now[uint32(block)]); err != nil {
			return err
		}
	}
	if err := j.add(endLine{j.sync.Name, j.state.Run, asjson.Time(j.prog, j.members.Present()), j.state.Records}); err != nil {
		return err
	}
	return j.flush(ctx)
}

// name finds what the sync hands over in the program of the view.
func (j *job) name() error {
	i := slices.IndexFunc(j.prog.Syncs, func(s *ir.Sync) bool { return s.Name == j.sync.Name })
	if i < 0 {
		return errors.New("the rules do not have it any more")
	}
	j.sync = j.prog.Syncs[i]
	for _, s := range j.sync.Segments {
		j.segments = append(j.segments, j.prog.Segments[s])
		j.nodes = append(j.nodes, j.prog.Segments[s].Expr)
	}
	for _, t := range j.sync.Tags {
		tag := j.prog.Tags[t]
		query, found := compiler.CompileQuery(j.prog, diag.NewFile("tag", "`"+tag.Name+"`"), nil)
		if query == nil {
			return fmt.Errorf("the tag %s cannot be asked for: %v", tag.Name, found)
		}
		node := query.Node
		if node.Op == ir.OpTruth {
			node = node.Args[0]
		}
		j.tags, j.nodes = append(j.tags, tag), append(j.nodes, node)
	}
	return nil
}

// block hands over what has changed in a block, and then notes that it was. Before, it notes that the block is doubtful:
// if the run breaks off, the receiver may know of changes that are undone by the next run, which then hands over all of it.
func (j *job) block(ctx context.Context, block uint32, packed []byte) error {
	var kept []byte
	var err error
	if kept, err = j.store.HandedOver(j.sync.Name, block); err != nil {
		return err
	}
	from := kept
	if j.state.Whole {
		from = nil
	}
	old, err := decodeSnapshot(from)
	if err != nil {
		return err
	}
	new, err := decodeSnapshot(packed)
	if err != nil {
		return err
	}
	changed := j.changed(old, new)
	doubtful := slices.Contains(j.state.Doubtful, block)
	switch {
	case j.state.Whole: // the receiver drops what it has
	case doubtful:
		changed.Or(old.live)
		changed.Or(new.live)
		if !changed.IsEmpty() {
			changed.AddRange(0, uint64(changed.Maximum()))
		}
	case !changed.IsEmpty():
		j.state.Doubtful = append(slices.Clone(j.state.Doubtful), block)
		if err := j.store.PutSync(j.state, nil); err != nil {
			return err
		}
	}
	const most = 4096
	for _, part := range cut(changed.ToArray(), most) {
		if err := j.lines(ctx, block*column.Block, part, old, new, doubtful && !j.state.Whole); err != nil {
			return err
		}
	}
	if changed.IsEmpty() && string(kept) == string(packed) {
		return nil
	}
	if !changed.IsEmpty() {
		if err := j.flush(ctx); err != nil {
			return err
		}
	}
	j.state.Doubtful = slices.DeleteFunc(slices.Clone(j.state.Doubtful), func(b uint32) bool { return b == block })
	return j.store.PutSync(j.state, map[uint32][]byte{block: packed})
}

func cut(all []uint32, most int) (parts [][]uint32) {
	for len(all) > 0 {
		n := min(len(all), most)
		parts, all = append(parts, all[:n]), all[n:]
	}
	return parts
}

// changed are the members of a block of whom something is not as it was handed over.
func (j *job) changed(old, new *snapshot) *roaring.Bitmap {
	out := roaring.New()
	none := roaring.New()
	for _, s := range j.segments {
		was := old.segments[s.Name]
		if was == nil {
			was = none
		}
		is := new.segments[s.Name]
		if is == nil {
			is = none
		}
		out.Or(roaring.Xor(was, is))
	}
	for _, t := range j.tags {
		was, is := old.tags[t.Name], new.tags[t.Name]
		for row := range max(length(was), length(is)) {
			if !was.Value(row).Equal(is.Value(row)) {
				out.Add(uint32(row))
			}
		}
	}
	return out
}

func length(c *column.Column) int {
	if c == nil {
		return 0
	}
	return c.Len
}

// lines writes a line for each of some members of a block, by the low bits of their numbers: what has changed, or all that
// is so and all that is not.
func (j *job) lines(ctx context.Context, base uint32, rows []uint32, old, new *snapshot, all bool) error {
	var here []uint32
	for _, row := range rows {
		if new.live.Contains(row) {
			here = append(here, base+row)
		}
	}
	ids, err := j.members.IDs(here)
	if err != nil {
		return err
	}
	for _, row := range rows {
		l := memberLine{Sync: j.sync.Name, Run: j.state.Run, Member: base + row, IDs: map[string]any{}, Gone: true}
		if len(here) > 0 && here[0] == base+row {
			l.Gone = false
			l.IDs = asjson.IDs(j.prog, func(f func(attribute, text string)) {
				for _, id := range ids[0] {
					f(id.Attribute, id.Text)
				}
			})
			here, ids = here[1:], ids[1:]
		}
		for _, s := range j.segments {
			was, is := old.segments[s.Name], new.segments[s.Name]
			before, after := was != nil && was.Contains(row), is != nil && is.Contains(row)
			switch {
			case after && (all || !before):
				l.Enter = append(l.Enter, s.Name)
			case !after && (all || before):
				l.Leave = append(l.Leave, s.Name)
			}
		}
		for _, t := range j.tags {
			was, is := old.tags[t.Name].Value(int(row)), new.tags[t.Name].Value(int(row))
			if all || !was.Equal(is) {
				if l.Tags == nil {
					l.Tags = map[string]tagChange{}
				}
				l.Tags[t.Name] = tagChange{shown(j.prog, was, t.Type), shown(j.prog, is, t.Type)}
			}
		}
		if err := j.add(l); err != nil {
			return err
		}
		j.state.Records++
		if len(j.buffer) >= partBytes {
			if err := j.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *job) add(v any) error {
	text, err := line(v)
	j.buffer = append(append(j.buffer, text...), '\n')
	return err
}

// flush hands over what has gathered.
func (j *job) flush(ctx context.Context) error {
	j.parts++
	key := fmt.Sprintf("sync/%s/%d/%d", j.sync.Name, j.state.Run, j.parts)
	err := j.post(ctx, key, j.buffer)
	j.buffer = nil
	return err
}

// due is the local date for whose clock time a sync is to run now, if it has not: today's if the time has come, else the
// day before. A clock time that a clock change skips or repeats is the first instant at or after it.
func due(prog *ir.Program, sync *ir.Sync, now int64) (day int64) {
	day = prog.Zone.DateOf(now)
	if now < prog.Zone.Instant(day, sync.Daily/60, sync.Daily%60, 0) {
		day--
	}
	return day
}
