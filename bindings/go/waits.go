package anchor

// #include <anchor.h>
import "C"

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// waits is the queue to which the outcomes of all waits of the process go. Go's own poller watches its descriptor, as it does
// that of a socket, so neither a wait nor the queue takes a thread.
var waits queue

type queue struct {
	mutex   sync.Mutex
	handle  *C.anchor_queue
	file    *os.File // a descriptor of Go's own for it
	conn    syscall.RawConn
	tag     uint64
	running map[uint64]chan<- outcome
	isTaken bool // whether a goroutine takes what comes; there is none while no wait runs
}

// wait is one that runs.
type wait struct {
	handle *C.anchor_wait
	ended  <-chan outcome
}

func (w *wait) cancel() { C.anchor_wait_cancel(w.handle) }

func (w *wait) free() { C.anchor_wait_free(w.handle) }

// start starts a wait. One goroutine at a time does: hundreds of calls of C at once would be as many threads.
func (q *queue) start(call *call, limit C.int64_t) (*wait, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if err := q.open(); err != nil {
		return nil, err
	}
	q.tag++
	var handle *C.anchor_wait
	err := check(func() C.anchor_status {
		return C.anchor_wait_start_on(call.client, q.handle, call.name, limit, C.uint64_t(q.tag), call.options, &handle)
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan outcome, 1)
	q.running[q.tag] = ended
	if !q.isTaken {
		q.isTaken = true
		go q.take()
	}
	return &wait{handle, ended}, nil
}

// open makes the queue before the first wait. It is never freed.
func (q *queue) open() error {
	if q.conn != nil {
		return nil
	}
	if q.handle == nil {
		if err := check(func() C.anchor_status { return C.anchor_queue_new(&q.handle) }); err != nil {
			return err
		}
	}
	// Go closes what it watches, and this one is the library's.
	descriptor, err := syscall.Dup(int(C.anchor_queue_fd(q.handle)))
	if err != nil {
		return &Error{Status: ErrOutOfMemory, Message: "the queue has no descriptor", cause: err}
	}
	syscall.CloseOnExec(descriptor)
	file := os.NewFile(uintptr(descriptor), "anchor_queue")
	conn, err := file.SyscallConn()
	if err == nil {
		// It is refused if the poller does not watch it.
		err = file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		file.Close()
		return &Error{Status: ErrInternal, Message: "the queue cannot be watched", cause: err}
	}
	q.file, q.conn, q.running = file, conn, map[uint64]chan<- outcome{}
	return nil
}

// take hands on outcomes until no wait runs.
func (q *queue) take() {
	if err := q.conn.Read(func(uintptr) bool { return q.takeAll() }); err != nil {
		panic("anchor: the queue cannot be watched: " + err.Error())
	}
}

// takeAll takes what has come, without blocking, and reports whether no wait runs any more.
func (q *queue) takeAll() bool {
	var done *C.anchor_completion
	for C.anchor_queue_next(q.handle, 0, nil, &done) == C.ANCHOR_OK {
		q.hand(uint64(C.anchor_completion_tag(done)), outcome{
			status: Status(C.anchor_completion_status(done)),
			json:   []byte(C.GoString(C.anchor_completion_json(done))),
		})
		C.anchor_completion_free(done)
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.isTaken = len(q.running) > 0
	return !q.isTaken
}

func (q *queue) hand(tag uint64, out outcome) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.running[tag] <- out
	delete(q.running, tag)
}
