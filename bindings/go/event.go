package anchor

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Event is an event that was signaled. The verbs of fmt do not show its data, so that no log has it.
type Event struct {
	name string
	raw  []byte
}

// Name is that of the event.
func (e Event) Name() string { return e.name }

// Raw is the service's answer, byte for byte.
func (e Event) Raw() []byte { return e.raw }

// Data is the JSON object that was signaled.
func (e Event) Data() json.RawMessage {
	var answer struct{ Data json.RawMessage }
	// The library has checked that it is JSON.
	_ = json.Unmarshal(e.raw, &answer)
	return answer.Data
}

// Decode is json.Unmarshal of the data. Its error does not show the data, as that of json.Unmarshal does.
func (e Event) Decode(into any) error {
	err := json.Unmarshal(e.Data(), into)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch):
		kind, _, _ := strings.Cut(mismatch.Value, " ")
		return fmt.Errorf("anchor: member %q of the data is a JSON %s, not a %s", mismatch.Field, kind, mismatch.Type)
	default:
		return fmt.Errorf("anchor: the data does not fit into a %T", into)
	}
}

// Format writes the name.
func (e Event) Format(state fmt.State, _ rune) { fmt.Fprintf(state, "Event(%q)", e.name) }

// Events takes the events of a name one after another:
//
//	events := client.Events(ctx, "news")
//	for events.Next() {
//		fmt.Println(events.Event().Name())
//	}
//	err := events.Err()
type Events struct {
	next  func() (*Event, error)
	event *Event
	err   error
}

// Next waits for the next event, and reports whether there is one.
func (e *Events) Next() bool {
	if e.err == nil {
		e.event, e.err = e.next()
	}
	return e.err == nil
}

// Event is the one that Next waited for.
func (e *Events) Event() *Event { return e.event }

// Err is the error that ended the loop.
func (e *Events) Err() error { return e.err }

// Stats are the counts of a client, which anchor_client_stats in anchor.h explains.
type Stats struct {
	Waits, Signals, Answers, Timeouts, Cancels, Failures, Dropped, Rearms, Retries, Unanswered uint64
	ConnectionsMade, ConnectionsReused, BytesSent, BytesReceived                               uint64

	// Connections are those that the process has now.
	Connections struct{ Open, Idle, Waiting uint64 }
	// Started says where waits are now, by the phase of their request.
	Started map[string]struct{ Count, OldestMs uint64 }
}
