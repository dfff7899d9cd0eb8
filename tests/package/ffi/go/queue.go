package anchor

// #include <anchor.h>
// #include <stdlib.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"unsafe"
)

// Queue takes the outcomes of any number of waits. They need one thread of Go for all of them.
type Queue struct {
	handle *C.anchor_queue
	closed *C.anchor_cancel_token
	gone   chan struct{}

	mutex sync.Mutex
	tag   uint64
	ends  map[uint64]chan outcome
}

type outcome struct {
	status C.anchor_status
	text   json.RawMessage
}

// NewQueue makes an empty queue.
func NewQueue() (*Queue, error) {
	queue := Queue{closed: C.anchor_cancel_token_new(), gone: make(chan struct{}), ends: map[uint64]chan outcome{}}
	if C.anchor_queue_new(&queue.handle) != C.ANCHOR_OK || queue.closed == nil {
		C.anchor_queue_free(queue.handle)
		C.anchor_cancel_token_free(queue.closed)
		return nil, errors.New("no memory or file descriptor left")
	}
	go queue.take()
	return &queue, nil
}

// Close frees the queue, on which no wait may be running any more.
func (q *Queue) Close() {
	C.anchor_cancel_token_cancel(q.closed)
	<-q.gone
	C.anchor_queue_free(q.handle)
	C.anchor_cancel_token_free(q.closed)
}

// WaitOn is as Wait, without a thread of its own.
func (c *Client) WaitOn(ctx context.Context, queue *Queue, event string) (json.RawMessage, error) {
	name := C.CString(event)
	defer C.free(unsafe.Pointer(name))
	tag, end := queue.expect()
	var wait *C.anchor_wait
	status := C.anchor_wait_start_on(c.handle, queue.handle, name, timeout(ctx), C.uint64_t(tag), nil, &wait)
	if status != C.ANCHOR_OK {
		queue.forget(tag)
		return answer(ctx, status, nil)
	}
	defer C.anchor_wait_free(wait)
	select {
	case ended := <-end:
		return answer(ctx, ended.status, ended.text)
	case <-ctx.Done():
		C.anchor_wait_cancel(wait)
		ended := <-end // an event that has arrived is still returned
		return answer(ctx, ended.status, ended.text)
	}
}

func (q *Queue) expect() (uint64, chan outcome) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.tag++
	end := make(chan outcome, 1)
	q.ends[q.tag] = end
	return q.tag, end
}

func (q *Queue) forget(tag uint64) chan outcome {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	end := q.ends[tag]
	delete(q.ends, tag)
	return end
}

// Blocks in C, in one goroutine, until the queue is closed.
func (q *Queue) take() {
	defer close(q.gone)
	for {
		var done *C.anchor_completion
		if C.anchor_queue_next(q.handle, C.ANCHOR_NO_TIMEOUT, q.closed, &done) != C.ANCHOR_OK {
			return
		}
		text := json.RawMessage(C.GoString(C.anchor_completion_json(done)))
		q.forget(uint64(C.anchor_completion_tag(done))) <- outcome{C.anchor_completion_status(done), text}
		C.anchor_completion_free(done)
	}
}
