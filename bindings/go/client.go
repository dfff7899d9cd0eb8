// Package anchor waits for named events, and signals them, through the Anchor event-coordination API.
//
//	client, err := anchor.NewClient() // the key is in ANCHORBROWSER_API_KEY
//	event, err := client.Wait(ctx, "mfa_code")
//
// A call ends with its context. A wait takes no thread, so thousands of goroutines may wait.
package anchor

// #cgo pkg-config: anchor
// #include <anchor.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// Version is the version of this package, and of the library that it needs.
const Version = "0.1.0"

var needed = Version

// ErrClosed is the error of a call on a client that is closed, and is found in the error of a call that Close ended.
var ErrClosed = errors.New("anchor: the client is closed")

// Signals and drains of a client that run at once. Each has a thread while it runs.
const mostThreads = 64

// Client waits for events and signals them. Any number of goroutines may use one client at once.
type Client struct {
	threads chan struct{}
	closed  chan struct{}
	calls   sync.WaitGroup

	mutex  sync.Mutex
	handle *C.anchor_client // nil when it is closed
}

// NewClient makes a client. What no setting says is from the environment, or the default. It does not connect.
func NewClient(settings ...Setting) (*Client, error) {
	if found := C.GoString(C.anchor_version()); found != needed {
		return nil, fmt.Errorf("anchor: the package needs libanchor %s, and found %s", needed, found)
	}
	config := C.anchor_config_new()
	defer C.anchor_config_free(config)
	for _, it := range settings {
		if it == nil {
			return nil, invalid("a setting is nil")
		}
		if err := it.configure(config); err != nil {
			return nil, err
		}
	}
	client := &Client{threads: make(chan struct{}, mostThreads), closed: make(chan struct{})}
	err := check(func() C.anchor_status { return C.anchor_client_new(config, &client.handle) })
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(client, (*Client).Close)
	return client, nil
}

// Wait returns the event when it is signaled. One that was signaled before is taken at once.
//
// It ends with the context, and one without a deadline sets no limit. An event that had arrived as the context was cancelled
// is still returned. After a deadline the service's last answer is waited for, at most for the time of WithGrace.
//
// The name has 1 to 4,096 bytes of UTF-8 and is not "." or "..". Events belong to the account.
func (c *Client) Wait(ctx context.Context, name string, options ...Option) (*Event, error) {
	call, err := c.begin(ctx, name, options)
	if err != nil {
		return nil, err
	}
	defer call.end()
	limit, err := call.limit(C.ANCHOR_NO_TIMEOUT)
	if err != nil {
		return nil, err
	}
	wait, err := waits.start(call, limit)
	if err != nil {
		return nil, err
	}
	defer wait.free()
	out := call.await(wait.ended, wait.cancel)
	if err := call.failure(out); err != nil {
		return nil, err
	}
	return &Event{name, out.json}, nil
}

// Events takes the events of a name one after another, as bufio.Scanner takes lines. No event is asked for while the program
// handles one.
func (c *Client) Events(ctx context.Context, name string, options ...Option) *Events {
	return &Events{next: func() (*Event, error) { return c.Wait(ctx, name, options...) }}
}

// Signal hands the data to a wait for the event, now or later. A request that was written is never sent again.
//
// The data is what json.Marshal makes an object of; nil is an empty object. It takes at most the time of WithRequestTimeout,
// unless the context has a deadline. If the error is ErrNotSent, it is certain that the signal was not delivered; otherwise
// MaybeConsumed says whether it may have been.
func (c *Client) Signal(ctx context.Context, name string, data any, options ...Option) error {
	text, err := jsonObject(data)
	if err != nil {
		return err
	}
	call, err := c.begin(ctx, name, options)
	if err != nil {
		return err
	}
	defer call.end()
	out, err := call.block(func(limit C.int64_t, token *C.anchor_cancel_token) outcome { return call.signal(text, limit, token) })
	if err != nil {
		return err
	}
	return call.failure(out)
}

// Drain drops the signals of an event that nobody has waited for, and returns their number, with an error too.
func (c *Client) Drain(ctx context.Context, name string, options ...Option) (int, error) {
	call, err := c.begin(ctx, name, options)
	if err != nil {
		return 0, err
	}
	defer call.end()
	out, err := call.block(call.drain)
	if err != nil {
		return 0, err
	}
	return out.drained, call.failure(out)
}

// SetAPIKey replaces the key for what is sent from now on.
func (c *Client) SetAPIKey(key string) error {
	handle, err := c.enter()
	if err != nil {
		return err
	}
	defer c.calls.Done()
	return withText("api_key", key, func(value *C.char) C.anchor_status { return C.anchor_client_set_api_key(handle, value) })
}

// Stats returns counts of what the client has done and does.
func (c *Client) Stats() (Stats, error) {
	var stats Stats
	handle, err := c.enter()
	if err != nil {
		return stats, err
	}
	defer c.calls.Done()
	var text *C.char
	if err := check(func() C.anchor_status { return C.anchor_client_stats(handle, &text) }); err != nil {
		return stats, err
	}
	err = json.Unmarshal(takeText(text), &stats)
	return stats, err
}

// Close ends the calls that run, with ErrCancelled, and returns when they have ended. Later ones return ErrClosed.
func (c *Client) Close() error {
	c.mutex.Lock()
	handle := c.handle
	c.handle = nil
	c.mutex.Unlock()
	if handle == nil {
		return nil
	}
	close(c.closed)
	c.calls.Wait()
	C.anchor_client_free(handle)
	runtime.SetFinalizer(c, nil)
	return nil
}

// enter keeps the handle from being freed until calls.Done.
func (c *Client) enter() (*C.anchor_client, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.handle == nil {
		return nil, ErrClosed
	}
	c.calls.Add(1)
	return c.handle, nil
}
