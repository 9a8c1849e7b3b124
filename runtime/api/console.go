package api

import (
	"context"
	"net/http"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/live"
)

// Ask is a question of the command line: the command with its arguments and flags.
type Ask struct {
	Args []string `json:"args"`
}

// Printed is what a command prints and its exit status.
type Printed struct {
	Out    string `json:"out"`
	Err    string `json:"err"`
	Status int    `json:"status"`
}

// Console answers questions of the command line from the engine.
type Console func(ctx context.Context, source Source, args []string) Printed

// Source is where a question finds members.
type Source interface {
	View() *runtime.View
	AsOf(at int64) *runtime.View
	Present() int64
	Holds(view *runtime.View) int64
	Person(view *runtime.View, number uint32) (*runtime.Person, error)
	People(view *runtime.View, numbers []uint32) (func(i int) (*runtime.Person, error), error)
	Find(attribute, text string) (uint32, bool)
	IDs(numbers []uint32) ([][]live.ID, error)
	Marked(number uint32, tag string) (at int64, by string, ok bool, err error)
	State() live.State
}

func (s *Server) postConsole(w http.ResponseWriter, r *http.Request) error {
	if s.opt.Console == nil {
		return fail(http.StatusNotFound, "this server answers no commands")
	}
	var in Ask
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	printed := s.opt.Console(ctx, s.engine, in.Args)
	if err := ctx.Err(); err != nil {
		return err
	}
	return send(w, printed)
}
