package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/muster-engine/muster/dsl/diag"
)

// parameters are the query parameters of an operation, as openapi.json describes them.
type parameters struct {
	names []string
	ids   bool // those that are called like the ids of the rules, too
}

// documented are the parameters of every operation, by method and path.
var documented = sync.OnceValue(func() map[string]parameters {
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Schema   struct{ Type string }
			}
		}
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		panic(err) // it is part of the program
	}
	out := make(map[string]parameters)
	for path, methods := range doc.Paths {
		for method, op := range methods {
			var known parameters
			for _, p := range op.Parameters {
				switch {
				case p.In != "query":
				case p.Schema.Type == "object":
					known.ids = true
				default:
					known.names = append(known.names, p.Name)
				}
			}
			out[method+" "+path] = known
		}
	}
	return out
})

// sensible refuses a request with parameters that mean nothing to its route: what was meant to narrow it down would be
// passed over.
func (s *Server) sensible(rt route, r *http.Request) error {
	if r.URL.RawQuery == "" || rt.right == 0 {
		return nil
	}
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "what follows the question mark of the address cannot be read")
	}
	known := documented()[strings.ToLower(rt.method)+" "+rt.path]
	names := known.names
	if known.ids {
		names = append(slices.Clone(names), idNames(s.engine.View().Program())...)
	}
	for name := range given {
		if slices.Contains(names, name) {
			continue
		}
		if near, ok := diag.Near(name, names); ok {
			return fail(http.StatusUnprocessableEntity, "there is no parameter %s here; did you mean %s?", quote(name), near)
		}
		if len(names) == 0 {
			return fail(http.StatusUnprocessableEntity, "there is no parameter %s here, nor any other", quote(name))
		}
		return fail(http.StatusUnprocessableEntity, "there is no parameter %s here; there is %s", quote(name), orList(names))
	}
	return nil
}
