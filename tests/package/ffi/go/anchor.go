// Package anchor is libanchor for Go, with cgo: wait until a named event is signaled, and signal one.
//
// Contexts end a wait, by deadline and by cancel. Settings come from the environment.
package anchor

// #cgo pkg-config: anchor
// #include <anchor.h>
// #include <stdlib.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// Error is what went wrong.
type Error struct {
	Status  string // such as "ANCHOR_UNAUTHORIZED"
	Details struct {
		Code          int    `json:"code"`
		Message       string `json:"message"`
		MaybeConsumed bool   `json:"maybeConsumed"`
	}
}

func (e *Error) Error() string { return e.Status + ": " + e.Details.Message }

// Client may be used by any number of goroutines at once.
type Client struct{ handle *C.anchor_client }

// NewClient makes a client with the settings of the environment.
func NewClient() (*Client, error) {
	config := C.anchor_config_new()
	defer C.anchor_config_free(config)
	var client Client
	if status := C.anchor_client_new(config, &client.handle); status != C.ANCHOR_OK {
		reason := errors.New(C.GoString(C.anchor_config_error(config)))
		return nil, fmt.Errorf("%s: %w", C.GoString(C.anchor_status_name(C.int32_t(status))), reason)
	}
	return &client, nil
}

// Close frees the client, on which no call may be running any more.
func (c *Client) Close() { C.anchor_client_free(c.handle) }

// Wait blocks until the event is signaled, or the context ends: then the error is the context's. A context without
// a deadline waits without end.
func (c *Client) Wait(ctx context.Context, event string) (json.RawMessage, error) {
	token, end, err := cancelWith(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	name := C.CString(event)
	defer C.free(unsafe.Pointer(name))
	var out *C.char
	status := C.anchor_wait_for_event(c.handle, name, timeout(ctx), token, &out)
	defer C.anchor_string_free(out)
	return answer(ctx, status, json.RawMessage(C.GoString(out)))
}

// Signal hands data, a JSON object, to whoever waits for the event, now or later. It takes at most the request timeout
// of the settings, and ends with the context.
func (c *Client) Signal(ctx context.Context, event string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	token, end, err := cancelWith(ctx)
	if err != nil {
		return err
	}
	defer end()
	name, body := C.CString(event), C.CString(string(text))
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(body))
	var out *C.char
	status := C.anchor_signal_event(c.handle, name, body, C.ANCHOR_REQUEST_TIMEOUT, token, &out)
	defer C.anchor_string_free(out)
	_, err = answer(ctx, status, json.RawMessage(C.GoString(out)))
	return err
}

// A token that the end of the context cancels. The goroutine that cancels is gone before the token is.
func cancelWith(ctx context.Context) (*C.anchor_cancel_token, func(), error) {
	token := C.anchor_cancel_token_new()
	if token == nil {
		return nil, nil, errors.New("no memory or file descriptor left")
	}
	returned, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-ctx.Done():
			C.anchor_cancel_token_cancel(token)
		case <-returned:
		}
	}()
	return token, func() {
		close(returned)
		<-gone
		C.anchor_cancel_token_free(token)
	}, nil
}

func timeout(ctx context.Context) C.int64_t {
	deadline, limited := ctx.Deadline()
	if !limited {
		return C.ANCHOR_NO_TIMEOUT
	}
	if left := time.Until(deadline).Milliseconds(); left > 0 {
		return C.int64_t(left)
	}
	return 0
}

// The outcome of a wait. What ended the context is the context's error.
func answer(ctx context.Context, status C.anchor_status, text json.RawMessage) (json.RawMessage, error) {
	switch status {
	case C.ANCHOR_OK:
		return text, nil
	case C.ANCHOR_TIMEOUT:
		return nil, context.DeadlineExceeded
	case C.ANCHOR_CANCELLED:
		return nil, ctx.Err()
	}
	return nil, failure(status, text)
}

func failure(status C.anchor_status, text json.RawMessage) error {
	failure := Error{Status: C.GoString(C.anchor_status_name(C.int32_t(status)))}
	var parsed struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(text, &parsed) == nil {
		_ = json.Unmarshal(parsed.Error, &failure.Details)
	}
	return &failure
}
