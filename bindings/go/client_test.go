package anchor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// C01: a blocked wait gets the event.
func TestABlockedWaitGetsTheEvent(t *testing.T) {
	client := newClient(t)
	events := make(chan *anchor.Event, 1)
	go func() {
		event, err := client.Wait(bounded(t), "blocked")
		if err != nil {
			t.Error(err)
		}
		events <- event
	}()
	untilWaiting(t, "blocked", 1)
	send(t, client, "blocked", map[string]string{"code": "123456"})
	event := <-events
	var data struct{ Code string }
	if err := event.Decode(&data); err != nil || data.Code != "123456" || event.Name() != "blocked" {
		t.Fatal(event, err)
	}
}

// C02, C10: a signal before the wait is kept, and one without data is an empty object.
func TestASignalBeforeTheWaitIsKept(t *testing.T) {
	client := newClient(t)
	for _, nothing := range []any{nil, map[string]any(nil), struct{}{}} {
		send(t, client, "kept", nothing)
		if data := take(t, client, "kept"); data != "{}" {
			t.Fatal(data)
		}
	}
}

// C03, C41: each signal ends one of the waits of goroutines that share a client.
func TestEachSignalEndsOneWait(t *testing.T) {
	client := newClient(t)
	ends := make(chan string)
	for i := 0; i < 4; i++ {
		go func() {
			event, err := client.Wait(bounded(t), "several")
			if err != nil {
				t.Error(err)
				ends <- ""
				return
			}
			ends <- string(event.Data())
		}()
	}
	untilWaiting(t, "several", 4)
	var sent, taken []string
	for n := 0; n < 4; n++ {
		send(t, client, "several", map[string]int{"n": n})
		sent = append(sent, fmt.Sprintf(`{"n":%d}`, n))
		taken = append(taken, <-ends)
	}
	sort.Strings(taken)
	if strings.Join(sent, " ") != strings.Join(taken, " ") {
		t.Fatal(taken)
	}
}

// C04, C05, C21: a wait ends at its timeout, or at the deadline of its context.
func TestAWaitEndsAtItsTimeout(t *testing.T) {
	client := newClient(t)
	for _, timeout := range []time.Duration{0, time.Microsecond, 200 * time.Millisecond} {
		began := time.Now()
		_, err := client.Wait(context.Background(), "quiet", anchor.WithTimeout(timeout))
		if took := time.Since(began); took < timeout {
			t.Fatal(took)
		}
		it := failure(t, err, context.DeadlineExceeded)
		// In a short time a busy machine may not get as far as to the service. The one request of 0 has a time of its own.
		isAsked := it.Status == anchor.ErrTimeout && it.Code == 408 && it.Phase == "receive" && it.Attempts == 1
		if !it.Timeout() || it.MaybeConsumed || timeout == 0 && !isAsked {
			t.Fatalf("%+v", it)
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := client.Wait(ctx, "quiet", anchor.WithTimeout(patience))
	if took := time.Since(began); took < 200*time.Millisecond || took > patience {
		t.Fatal(took)
	}
	failure(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err = client.Wait(ctx, "quiet", anchor.WithTimeout(0))
	failure(t, err, anchor.ErrTimeout)
}

// C06, C29: a context without a deadline sets no limit.
func TestAWaitWithoutLimit(t *testing.T) {
	client := newClient(t)
	ended := make(chan error)
	go func() {
		_, err := client.Wait(context.Background(), "endless")
		ended <- err
	}()
	untilWaiting(t, "endless", 1)
	send(t, client, "endless", nil)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// C09: any text is a name.
func TestAnyTextIsAName(t *testing.T) {
	client := newClient(t)
	for _, name := range []string{"a b/c", "100%", "%2F", "événement ✓ \U0001f511", "...", "a?b#c"} {
		send(t, client, name, nil)
		if data := take(t, client, name); data != "{}" {
			t.Fatal(name, data)
		}
	}
}

// C11: events in a loop, which can be left.
func TestEventsInALoop(t *testing.T) {
	client := newClient(t)
	for n := 0; n < 3; n++ {
		send(t, client, "loop", map[string]int{"n": n})
	}
	taken := ""
	events := client.Events(bounded(t), "loop")
	for events.Next() {
		if taken += string(events.Event().Data()); len(taken) > len(`{"n":0}`) {
			break
		}
	}
	if err := events.Err(); err != nil || taken != `{"n":0}{"n":1}` {
		t.Fatal(taken, err)
	}
	if data := take(t, client, "loop"); data != `{"n":2}` {
		t.Fatal(data)
	}
	for events = client.Events(bounded(t), "loop", anchor.WithTimeout(0)); events.Next(); {
		t.Fatal(events.Event())
	}
	failure(t, events.Err(), anchor.ErrTimeout)
	if events.Next() {
		t.Fatal("the loop has ended")
	}
}

// C12: a drain counts what it drops.
func TestADrainCountsWhatItDrops(t *testing.T) {
	client := newClient(t)
	for n := 0; n < 3; n++ {
		send(t, client, "drained", nil)
	}
	for _, expected := range []int{3, 0} {
		if drained, err := client.Drain(bounded(t), "drained"); err != nil || drained != expected {
			t.Fatal(drained, err)
		}
	}
	drained, err := client.Drain(context.Background(), "drained", anchor.WithTimeout(0))
	if err != nil || drained != 0 {
		t.Fatal(drained, err)
	}
}

// C37: the statistics count the calls.
func TestStatistics(t *testing.T) {
	client := newClient(t)
	send(t, client, "counted", nil)
	take(t, client, "counted")
	if it := stats(t, client); it.Signals != 1 || it.Waits != 1 || it.Connections.Open == 0 || it.Started["wait"].Count != 0 {
		t.Fatalf("%+v", it)
	}
}

// C32: options count for one call.
func TestOptionsCountForOneCall(t *testing.T) {
	client := newClient(t)
	_, err := client.Wait(bounded(t), "status_400", anchor.WithRequestID("trace-1"), anchor.WithHeader("x-one", "1"))
	if it := failure(t, err, anchor.ErrBadRequest); it.RequestID != "trace-1" {
		t.Fatalf("%+v", it)
	}
	err = client.Signal(bounded(t), "status_400", nil)
	if it := failure(t, err, anchor.ErrBadRequest); it.RequestID == "trace-1" {
		t.Fatalf("%+v", it)
	}
	_, err = client.Wait(bounded(t), "status_503", anchor.WithRetries(0), anchor.WithRearm(false), anchor.WithSlice(time.Second))
	if it := failure(t, err, anchor.ErrServer); it.Attempts != 1 {
		t.Fatalf("%+v", it)
	}
	_, err = client.Wait(bounded(t), "x", anchor.WithHeader("content-length", "1"))
	failure(t, err, anchor.ErrInvalidArgument)
	err = client.Signal(bounded(t), "x", nil, anchor.WithTimeout(0))
	if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), "timeout_ms") {
		t.Fatal(err)
	}
}

// C35, C36: keys are accounts, and a key that was replaced is not sent any more.
func TestKeysAreAccounts(t *testing.T) {
	client, other := newClient(t), newClient(t, anchor.WithAPIKey(os.Getenv("ANCHOR_TEST_KEY_2")))
	send(t, client, "account", map[string]string{"of": "the first"})
	_, err := other.Wait(bounded(t), "account", anchor.WithTimeout(0))
	failure(t, err, anchor.ErrTimeout)
	if err := other.SetAPIKey(os.Getenv("ANCHORBROWSER_API_KEY")); err != nil {
		t.Fatal(err)
	}
	if data := take(t, other, "account"); data != `{"of":"the first"}` {
		t.Fatal(data)
	}
	for _, wrong := range []string{"", "cut\x00off"} {
		err := other.SetAPIKey(wrong)
		if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), "api_key") {
			t.Fatal(err)
		}
	}
}

// C19: closing a client ends its calls. Another call is then refused.
func TestClosingEndsCalls(t *testing.T) {
	client := newClient(t)
	ends := make(chan error)
	go func() {
		_, err := client.Wait(context.Background(), "closed")
		ends <- err
	}()
	go func() { ends <- client.Signal(context.Background(), "hang", nil) }()
	until(t, func() bool { return stats(t, client).Connections.Waiting == 2 })
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 2; i++ {
		failure(t, <-ends, anchor.ErrCancelled, anchor.ErrClosed)
	}
	untilWaiting(t, "closed", 0)
	_, wait := client.Wait(bounded(t), "x")
	_, drain := client.Drain(bounded(t), "x")
	_, stats := client.Stats()
	var zero anchor.Client
	_, ofZero := zero.Wait(bounded(t), "x")
	refused := []error{wait, drain, stats, client.Signal(bounded(t), "x", nil), client.SetAPIKey("x"), ofZero}
	for _, err := range refused {
		if !errors.Is(err, anchor.ErrClosed) {
			t.Fatal(refused)
		}
	}
	for _, closed := range []*anchor.Client{client, &zero} {
		if err := closed.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
