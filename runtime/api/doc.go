// Package api serves a live engine over HTTP: JSON in, JSON out.
//
// [New] makes the handler. Each file holds one family of requests: events.go takes events and members, lists.go and
// tags.go what people decide by hand, members.go, segments.go, query.go and explain.go answer questions, crossings.go
// reports crossings, retract.go takes events back, clock.go, state.go and backup.go are for who runs the server. routes.go
// lists all of them with the right that each needs. What a client may rely on is written down in openapi.json, which is
// served at /v1/openapi.json; tests hold it to the handlers in both directions.
//
// A write is answered after it is durable. A request that is refused changes nothing; of a batch, the lines that are
// sound are taken and the others are listed with their reasons. A batch that is sent with an Idempotency-Key counts once
// (once.go). Errors are problem details (RFC 9457) in words for people.
package api
