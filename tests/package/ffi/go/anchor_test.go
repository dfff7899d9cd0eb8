// The Go package against a running event server.
package anchor

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Longer than a busy machine takes for anything here.
const patience = 2 * time.Minute

func client(t *testing.T) *Client {
	client, err := NewClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Blocks until the server holds so many waits.
func untilWaiting(t *testing.T, count int) {
	request, _ := http.NewRequest("GET", os.Getenv("ANCHORBROWSER_BASE_URL")+"/admin/state", nil)
	request.Header.Set("anchor-admin-token", os.Getenv("ANCHOR_TEST_ADMIN_TOKEN"))
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var state struct{ WaitingCount int }
		err = json.NewDecoder(response.Body).Decode(&state)
		response.Body.Close()
		if err == nil && state.WaitingCount == count {
			return
		}
	}
	t.Fatal("it does not come")
}

func TestSignalsAndWaits(t *testing.T) {
	client := client(t)
	answers := make(chan json.RawMessage)
	go func() {
		answer, err := client.Wait(context.Background(), "go")
		if err != nil {
			t.Error(err)
		}
		answers <- answer
	}()
	untilWaiting(t, 1)
	if err := client.Signal(context.Background(), "go", map[string]string{"code": "123456 ✓"}); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Data struct{ Code string } }
	if err := json.Unmarshal(<-answers, &answer); err != nil || answer.Data.Code != "123456 ✓" {
		t.Fatal(answer, err)
	}
}

func TestASignalEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client(t).Signal(ctx, "go", struct{}{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// A wait that blocks in a call would take a thread of Go.
func TestManyWaitsTakeOneThread(t *testing.T) {
	const jobs = 200
	client := client(t)
	queue, err := NewQueue()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	for job := 0; job < jobs; job++ {
		go func(name string) {
			text, err := client.WaitOn(context.Background(), queue, name)
			if err == nil && string(text) != `{"data":{"name":"`+name+`"}}` {
				err = errors.New(string(text))
			}
			ended <- err
		}("job_" + strconv.Itoa(job))
	}
	untilWaiting(t, jobs)
	// On a busy machine some calls take long enough for Go to start another thread.
	if threads := pprof.Lookup("threadcreate").Count(); threads >= jobs {
		t.Error(threads, "threads")
	}
	for job := 0; job < jobs; job++ {
		name := "job_" + strconv.Itoa(job)
		if err := client.Signal(context.Background(), name, map[string]string{"name": name}); err != nil {
			t.Fatal(err)
		}
	}
	for job := 0; job < jobs; job++ {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, err := client.WaitOn(ctx, queue, "quiet")
		ended <- err
	}()
	untilWaiting(t, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var failure *Error
	if _, err := client.WaitOn(context.Background(), queue, ".."); !errors.As(err, &failure) {
		t.Error(err)
	}
	queue.Close()
}

func TestTimesOut(t *testing.T) {
	// On a busy machine the connection may not be made within a shorter time.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	began := time.Now()
	_, err := client(t).Wait(ctx, "quiet")
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > patience {
		t.Fatal(err, took)
	}
}

func TestCancelsFromAnotherGoroutine(t *testing.T) {
	client := client(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := client.Wait(ctx, "quiet")
		ended <- err
	}()
	untilWaiting(t, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	untilWaiting(t, 0)
}

func TestNamesWhatIsWrong(t *testing.T) {
	_, err := client(t).Wait(context.Background(), "..")
	var failure *Error
	if !errors.As(err, &failure) || failure.Status != "ANCHOR_INVALID_ARGUMENT" ||
		!strings.Contains(failure.Details.Message, "event_name") {
		t.Fatal(err)
	}
}

func TestLeaksNothing(t *testing.T) {
	client := client(t)
	data := map[string]string{"filler": strings.Repeat("x", 8192)}
	calls := func(count int) {
		for i := 0; i < count/2; i++ {
			if err := client.Signal(context.Background(), "many", data); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			if _, err := client.Wait(ctx, "many"); err != nil {
				t.Fatal(err)
			}
			cancel()
		}
		runtime.GC()
	}
	calls(2000)
	memory, descriptors := footprint(t)
	calls(10000)
	memoryAfter, descriptorsAfter := footprint(t)
	t.Logf("memory %d -> %d KiB, descriptors %d -> %d", memory, memoryAfter, descriptors, descriptorsAfter)
	// An answer that was not freed would make it 40,000 KiB. Idle connections may be closed, or another made, meanwhile.
	if memoryAfter-memory > 20000 || descriptorsAfter-descriptors >= 100 {
		t.Fail()
	}
}

func footprint(t *testing.T) (int, int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	memory, err := strconv.Atoi(strings.Fields(rest)[0])
	descriptors, _ := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return memory, len(descriptors)
}
