package anchor_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// C13, C15: the context ends calls, and the service sees the waiter leave.
func TestAContextEndsCalls(t *testing.T) {
	client := newClient(t)
	ctx, cancel := context.WithCancel(context.Background())
	ends := make(chan error)
	wait := func(ctx context.Context) {
		_, err := client.Wait(ctx, "cancelled")
		ends <- err
	}
	limited, cancelLimited := context.WithTimeout(ctx, patience)
	defer cancelLimited()
	go wait(ctx)
	go wait(limited)
	untilWaiting(t, "cancelled", 2)
	go func() { ends <- client.Signal(ctx, "hang", nil) }()
	until(t, func() bool { return stats(t, client).Connections.Waiting == 3 })
	cancel()
	for i := 0; i < 3; i++ {
		it := failure(t, <-ends, anchor.ErrCancelled, context.Canceled)
		if it.Timeout() {
			t.Fatalf("%+v", it)
		}
	}
	untilWaiting(t, "cancelled", 0)
}

// C14: a context that has ended ends a call at once.
func TestAContextThatHasEnded(t *testing.T) {
	client := newClient(t)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	for ctx, status := range map[context.Context]error{cancelled: anchor.ErrCancelled, late: anchor.ErrTimeout} {
		_, err := client.Wait(ctx, "never")
		failure(t, err, status, ctx.Err())
		failure(t, client.Signal(ctx, "never", nil), status, ctx.Err())
		_, err = client.Drain(ctx, "never")
		failure(t, err, status, ctx.Err())
	}
	if it := stats(t, client); it.Waits != 0 || it.Signals != 0 {
		t.Fatalf("%+v", it)
	}
}

// C13: as many signals as threads are hung, and the next still ends with its context, or with its client.
func TestASignalThatNoThreadIsFreeFor(t *testing.T) {
	const most = 64
	client := newClient(t)
	hung, cancelHung := context.WithCancel(context.Background())
	defer cancelHung()
	ends := make(chan error, most+1)
	for i := 0; i < most; i++ {
		go func() { ends <- client.Signal(hung, "hang", nil) }()
	}
	until(t, func() bool { return stats(t, client).Connections.Waiting == most })
	before := stats(t, client).Signals
	ctx, cancel := context.WithCancel(context.Background())
	next := make(chan error)
	go func() { next <- client.Signal(ctx, "next", nil) }()
	cancel()
	failure(t, <-next, anchor.ErrCancelled, context.Canceled)
	go func() { next <- client.Signal(context.Background(), "next", nil) }()
	runtime.Gosched()
	if after := stats(t, client).Signals; after != before {
		t.Fatal(after)
	}
	client.Close()
	for i := 0; i < most; i++ {
		failure(t, <-ends, anchor.ErrCancelled, anchor.ErrClosed)
	}
	if err := <-next; err != anchor.ErrClosed {
		failure(t, err, anchor.ErrCancelled, anchor.ErrClosed)
	}
}

// C16: an event that had arrived when its wait was cancelled is returned.
func TestAnEventThatHadArrivedIsReturned(t *testing.T) {
	// While this goroutine runs, that of the wait does not learn that the event is there.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for round := 0; round < 20; round++ {
		client, other := newClient(t), newClient(t)
		ctx, cancel := context.WithCancel(context.Background())
		ends := make(chan error)
		go func() {
			_, err := client.Wait(ctx, "arrived")
			ends <- err
		}()
		untilWaiting(t, "arrived", 1)
		go func() { ends <- other.Signal(context.Background(), "arrived", nil) }()
		runtime.Gosched()
		for began := time.Now(); stats(t, client).Answers == 0; {
			if time.Since(began) > patience {
				t.Fatal("it does not come")
			}
		}
		cancel()
		for i := 0; i < 2; i++ {
			if err := <-ends; err != nil {
				t.Fatal(round, err)
			}
		}
	}
}
