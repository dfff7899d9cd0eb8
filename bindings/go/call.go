package anchor

// #include <anchor.h>
// #include <stdlib.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"
	"unsafe"
)

// call is what waits, signals and drains have in common: the client, the context, the name, and the options.
type call struct {
	owner   *Client
	client  *C.anchor_client
	ctx     context.Context
	name    *C.char
	options *C.anchor_options // nil for none
	timeout *C.int64_t        // that of WithTimeout
}

// outcome is how a call of the library ended.
type outcome struct {
	status  Status
	json    []byte
	drained int
}

// begin checks the arguments. Afterwards end is due.
func (c *Client) begin(ctx context.Context, name string, options []Option) (*call, error) {
	if ctx == nil {
		return nil, invalid("the context is nil")
	}
	if hasNUL(name) {
		return nil, invalid("event_name contains U+0000")
	}
	client, err := c.enter()
	if err != nil {
		return nil, err
	}
	it := &call{owner: c, client: client, ctx: ctx, name: C.CString(name)}
	if err := it.set(options); err != nil {
		it.end()
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		it.end()
		return nil, ended(err)
	}
	return it, nil
}

func (c *call) end() {
	C.free(unsafe.Pointer(c.name))
	C.anchor_options_free(c.options)
	c.owner.calls.Done()
}

func (c *call) set(options []Option) error {
	for _, it := range options {
		if it == nil {
			return invalid("an option is nil")
		}
		if c.options == nil {
			if c.options = C.anchor_options_new(); c.options == nil {
				return &Error{Status: ErrOutOfMemory, Message: "no memory is left"}
			}
		}
		if err := it.apply(c); err != nil {
			return err
		}
	}
	return nil
}

// limit is the time until the deadline of the context, or that of WithTimeout if it is shorter, or else what is given.
func (c *call) limit(otherwise C.int64_t) (C.int64_t, error) {
	limit := otherwise
	if c.timeout != nil {
		limit = *c.timeout
	}
	deadline, isLimited := c.ctx.Deadline()
	if !isLimited {
		return limit, nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return 0, ended(context.DeadlineExceeded)
	}
	if millis := roundUp(left); c.timeout == nil || millis < limit {
		limit = millis
	}
	return limit, nil
}

// await returns the outcome, after it has stopped the call if the context was cancelled or the client closed. At a deadline
// the library ends the call by itself, and says more about it.
func (c *call) await(end <-chan outcome, stop func()) outcome {
	done := c.ctx.Done()
	_, isLimited := c.ctx.Deadline()
	for {
		select {
		case out := <-end:
			return out
		case <-done:
			done = nil
			if isLimited && errors.Is(c.ctx.Err(), context.DeadlineExceeded) {
				continue
			}
		case <-c.owner.closed:
		}
		stop()
		return <-end
	}
}

// block makes a call that blocks a thread.
func (c *call) block(run func(limit C.int64_t, token *C.anchor_cancel_token) outcome) (outcome, error) {
	select {
	case c.owner.threads <- struct{}{}:
		defer func() { <-c.owner.threads }()
	case <-c.ctx.Done():
		return outcome{}, ended(c.ctx.Err())
	case <-c.owner.closed:
		return outcome{}, ended(ErrClosed)
	}
	limit, err := c.limit(C.ANCHOR_REQUEST_TIMEOUT)
	if err != nil {
		return outcome{}, err
	}
	token := C.anchor_cancel_token_new()
	if token == nil {
		return outcome{}, &Error{Status: ErrOutOfMemory, Message: "no file descriptor is left"}
	}
	defer C.anchor_cancel_token_free(token)
	end := make(chan outcome, 1)
	go func() { end <- run(limit, token) }()
	return c.await(end, func() { C.anchor_cancel_token_cancel(token) }), nil
}

func (c *call) signal(data []byte, limit C.int64_t, token *C.anchor_cancel_token) outcome {
	text := C.CString(string(data))
	defer C.free(unsafe.Pointer(text))
	var out *C.char
	status := C.anchor_signal_event_with(c.client, c.name, text, limit, c.options, token, &out)
	return outcome{status: Status(status), json: takeText(out)}
}

// drain gives no error as JSON, so the thread's last error takes its place.
func (c *call) drain(limit C.int64_t, token *C.anchor_cancel_token) outcome {
	var drained C.uint32_t
	err := check(func() C.anchor_status {
		return C.anchor_drain_event_with(c.client, c.name, limit, c.options, token, &drained)
	})
	out := outcome{drained: int(drained)}
	var failure *Error
	if errors.As(err, &failure) {
		out.status = failure.Status
		out.json, _ = json.Marshal(map[string]any{"error": map[string]any{"message": failure.Message}})
	}
	return out
}

// failure is the error of an outcome, or nil.
func (c *call) failure(out outcome) error {
	if out.status == C.ANCHOR_OK {
		return nil
	}
	err := errorOf(out.status, out.json)
	if out.status == ErrCancelled {
		if err.cause = c.ctx.Err(); err.cause == nil {
			err.cause = ErrClosed
		}
	}
	return err
}

// jsonObject is the data of a signal.
func jsonObject(data any) ([]byte, error) {
	if value := reflect.ValueOf(data); data == nil || value.Kind() == reflect.Map && value.IsNil() {
		return []byte("{}"), nil
	}
	text, err := json.Marshal(data)
	if err != nil {
		// Its message may show the data.
		return nil, &Error{Status: ErrInvalidArgument, Message: "data cannot be expressed in JSON", cause: err}
	}
	if text[0] != '{' {
		return nil, invalid("data must become a JSON object, which a " + reflect.TypeOf(data).String() + " does not")
	}
	return text, nil
}
