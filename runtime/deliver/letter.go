package deliver

import (
	"encoding/json"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/storage"
)

// letter is a message on its way.
type letter struct {
	storage.Message
	body []byte // a JSON object

	tries  int       // that count: made while the sink worked
	asked  int       // all of them
	first  time.Time // of the first
	after  time.Time // not to be tried before
	flying bool
}

// written is a message as a receiver gets it.
type written struct {
	Key      string          `json:"key"`
	Sink     string          `json:"sink"`
	Template string          `json:"template"`
	At       string          `json:"at"`
	Member   uint32          `json:"member"`
	IDs      map[string]any  `json:"ids"`
	Values   json.RawMessage `json:"values"`
}

func newLetter(prog *ir.Program, m storage.Message) (*letter, error) {
	if len(m.Values) == 0 {
		m.Values = json.RawMessage("{}")
	}
	ids := asjson.IDs(prog, func(f func(attribute, text string)) {
		for _, id := range m.IDs {
			f(id.Attribute, id.Text)
		}
	})
	body, err := line(written{m.Key, m.Sink, m.Template, asjson.Time(prog, m.At), m.Member, ids, m.Values})
	return &letter{Message: m, body: body}, err
}
