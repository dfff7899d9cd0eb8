package anchor_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// Longer than a busy machine takes for anything here.
const patience = time.Minute

// TestMain runs a program of children_test.go if it is asked for one, or else the tests.
func TestMain(m *testing.M) {
	if program, isChild := children[os.Getenv("ANCHOR_TEST_CHILD")]; isChild {
		program()
		return
	}
	os.Exit(m.Run())
}

// child starts a program of children_test.go.
func child(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "ANCHOR_TEST_CHILD="+name)
	command.Stderr = os.Stderr
	return command
}

func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
}

func newClient(t *testing.T, settings ...anchor.Setting) *anchor.Client {
	t.Helper()
	client, err := anchor.NewClient(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func send(t *testing.T, client *anchor.Client, name string, data any) {
	t.Helper()
	if err := client.Signal(bounded(t), name, data); err != nil {
		t.Fatal(err)
	}
}

// take waits for an event, and returns what it was signaled with.
func take(t *testing.T, client *anchor.Client, name string) string {
	t.Helper()
	event, err := client.Wait(bounded(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(event.Data())
}

// waiting is how many waits the server holds for an event, or for all if it is "".
func waiting(t *testing.T, event string) int {
	t.Helper()
	request, err := http.NewRequest("GET", os.Getenv("ANCHORBROWSER_BASE_URL")+"/admin/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("anchor-admin-token", os.Getenv("ANCHOR_TEST_ADMIN_TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var state struct {
		WaitingCount int
		Waiting      []struct{ Event string } // the first of them
	}
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	if event == "" {
		return state.WaitingCount
	}
	count := 0
	for _, wait := range state.Waiting {
		if wait.Event == event {
			count++
		}
	}
	return count
}

func until(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

func untilWaiting(t *testing.T, event string, count int) {
	t.Helper()
	until(t, func() bool { return waiting(t, event) == count })
}

func stats(t *testing.T, client *anchor.Client) anchor.Stats {
	t.Helper()
	stats, err := client.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// failure is the anchor.Error in an error that errors.Is finds the others in too.
func failure(t *testing.T, err error, targets ...error) *anchor.Error {
	t.Helper()
	var failure *anchor.Error
	if !errors.As(err, &failure) {
		t.Fatalf("%v is no anchor.Error", err)
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Fatalf("%v is not %v", err, target)
		}
	}
	return failure
}
