package anchor

// #include <anchor.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Status is how a call failed. It is an error, so that errors.Is(err, anchor.ErrUnauthorized) asks for it.
type Status int32

// The statuses of anchor.h. Later versions of the library may add some.
const (
	// ErrTimeout means that the event was not signaled within the time.
	ErrTimeout Status = C.ANCHOR_TIMEOUT
	// ErrCancelled means that the context was cancelled or the client closed.
	ErrCancelled Status = C.ANCHOR_CANCELLED
	// ErrInvalidArgument means that an argument, a setting or a variable of the environment is missing or not valid.
	ErrInvalidArgument Status = C.ANCHOR_INVALID_ARGUMENT
	// ErrOutOfMemory means that no memory, thread or file descriptor was left.
	ErrOutOfMemory Status = C.ANCHOR_OUT_OF_MEMORY
	// ErrInternal means that a defect of libanchor was caught.
	ErrInternal Status = C.ANCHOR_INTERNAL
	// ErrNotSent means that the service was not reached: nothing happened, and the call is safe to repeat.
	ErrNotSent Status = C.ANCHOR_NOT_SENT
	// ErrTLS means that the certificate or the TLS handshake was refused.
	ErrTLS Status = C.ANCHOR_TLS
	// ErrConnectionLost means that a request was sent and not completely answered.
	ErrConnectionLost Status = C.ANCHOR_CONNECTION_LOST
	// ErrProtocol means that the answer is not one of the API's.
	ErrProtocol Status = C.ANCHOR_PROTOCOL
	// ErrResponseTooLarge means that the answer is larger than WithMaxResponseBytes allows.
	ErrResponseTooLarge Status = C.ANCHOR_RESPONSE_TOO_LARGE
	// ErrBadRequest means that the service refused the request as malformed.
	ErrBadRequest Status = C.ANCHOR_BAD_REQUEST
	// ErrUnauthorized means that the API key is missing or not valid.
	ErrUnauthorized Status = C.ANCHOR_UNAUTHORIZED
	// ErrForbidden means that the API key may not do this.
	ErrForbidden Status = C.ANCHOR_FORBIDDEN
	// ErrNotFound means that the service does not know this.
	ErrNotFound Status = C.ANCHOR_NOT_FOUND
	// ErrRateLimited means that there were too many requests; RetryAfter is the pause that the service asked for.
	ErrRateLimited Status = C.ANCHOR_RATE_LIMITED
	// ErrServer means that the service or a gateway failed.
	ErrServer Status = C.ANCHOR_SERVER_ERROR
	// ErrHTTP means any other HTTP status.
	ErrHTTP Status = C.ANCHOR_HTTP_ERROR
)

// Error is the sentence of anchor.h about it.
func (s Status) Error() string { return "anchor: " + C.GoString(C.anchor_status_message(C.int32_t(s))) }

// Name is its name in anchor.h, such as ANCHOR_UNAUTHORIZED.
func (s Status) Name() string { return C.GoString(C.anchor_status_name(C.int32_t(s))) }

// Error is why a call failed. It never contains the key or an event's data.
//
// errors.Is finds its Status in it; context.DeadlineExceeded if time ended the call, whatever its status; context.Canceled if
// the context did; and ErrClosed if Close did.
type Error struct {
	Status        Status
	Message       string
	Code          int           // the HTTP status, or 0
	Origin        string        // who reports it: service or client
	Phase         string        // how far the last request got: dns, connect, tls, send, wait or receive
	MaybeConsumed bool          // whether the answer to a request was never read: it may have taken the event, or delivered the signal
	TimedOut      bool          // whether time ended the call
	Attempts      int           // the number of requests
	Elapsed       time.Duration // how long the call took
	RetryAfter    time.Duration // the pause that the service asked for, or 0
	LastError     string        // the last failure before the end, if the status is about something else
	RequestID     string        // that of WithRequestID, or the service's

	cause error
}

func (e *Error) Error() string { return "anchor: " + e.Message }

// Timeout reports whether time ended the call, as in net.Error.
func (e *Error) Timeout() bool { return e.TimedOut }

// Is is for errors.Is.
func (e *Error) Is(target error) bool {
	return target == e.Status || e.TimedOut && target == context.DeadlineExceeded
}

// Unwrap is for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// errorOf is the error as JSON that the library gave.
func errorOf(status Status, text []byte) *Error {
	var parsed struct {
		Error struct {
			Message, Origin, Phase, LastError, RequestID string
			Code, Attempts                               int
			MaybeConsumed, TimedOut                      bool
			ElapsedMs, RetryAfterMs                      int64
		}
	}
	// It is empty if memory ran out.
	_ = json.Unmarshal(text, &parsed)
	it := parsed.Error
	if it.Message == "" {
		it.Message = C.GoString(C.anchor_status_message(C.int32_t(status)))
	}
	return &Error{
		Status: status, Message: it.Message, Code: it.Code, Origin: it.Origin, Phase: it.Phase,
		MaybeConsumed: it.MaybeConsumed, TimedOut: it.TimedOut || status == ErrTimeout, Attempts: it.Attempts,
		Elapsed:    time.Duration(it.ElapsedMs) * time.Millisecond,
		RetryAfter: time.Duration(it.RetryAfterMs) * time.Millisecond,
		LastError:  it.LastError, RequestID: it.RequestID,
	}
}

// ended is the error of a call that was over before it began.
func ended(cause error) error {
	err := &Error{Status: ErrCancelled, Message: "the call was cancelled before a request was sent", Origin: "client", cause: cause}
	if errors.Is(cause, context.DeadlineExceeded) {
		err.Status, err.TimedOut, err.Message = ErrTimeout, true, "the deadline passed before a request was sent"
	}
	return err
}
