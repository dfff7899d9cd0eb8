package anchor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// C20: each HTTP status is an error of its own.
func TestEachHTTPStatusIsAnError(t *testing.T) {
	client := newClient(t)
	statuses := map[int]anchor.Status{
		400: anchor.ErrBadRequest, 401: anchor.ErrUnauthorized, 403: anchor.ErrForbidden, 404: anchor.ErrNotFound,
		409: anchor.ErrHTTP, 413: anchor.ErrBadRequest, 422: anchor.ErrBadRequest, 429: anchor.ErrRateLimited,
		500: anchor.ErrServer, 502: anchor.ErrServer, 503: anchor.ErrServer, 504: anchor.ErrServer,
	}
	for code, status := range statuses {
		name := fmt.Sprintf("status_%d", code)
		_, wait := client.Wait(bounded(t), name, anchor.WithRetries(0))
		for _, err := range []error{wait, client.Signal(bounded(t), name, nil, anchor.WithRetries(0))} {
			it := failure(t, err, status)
			if it.Code != code || it.Phase != "receive" || it.Status != status || it.Timeout() {
				t.Fatalf("%+v", it)
			}
		}
		_, err := client.Drain(bounded(t), name)
		if it := failure(t, err, status); it.Message == "" {
			t.Fatalf("%+v", it)
		}
	}
	if text := anchor.ErrUnauthorized.Error(); anchor.ErrUnauthorized.Name() != "ANCHOR_UNAUTHORIZED" || !strings.HasPrefix(text, "anchor: ") {
		t.Fatal(text)
	}
}

// C21: an answer that was never read may have consumed the event.
func TestAnAnswerThatWasNotRead(t *testing.T) {
	client := newClient(t)
	send(t, client, "not_dropped", nil)
	it := failure(t, client.Signal(bounded(t), "drop", nil), anchor.ErrConnectionLost)
	if !it.MaybeConsumed || it.Phase != "wait" && it.Phase != "receive" {
		t.Fatalf("%+v", it)
	}
}

// C22: a missing key is reported when the client is made.
func TestAMissingKeyIsNamed(t *testing.T) {
	t.Setenv("ANCHORBROWSER_API_KEY", "")
	_, err := anchor.NewClient()
	if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), "ANCHORBROWSER_API_KEY") {
		t.Fatal(err)
	}
}

// C24: in an outage a wait ends at its timeout, as not sent.
func TestAnOutageEndsAtTheTimeout(t *testing.T) {
	client := newClient(t, anchor.WithBaseURL(os.Getenv("ANCHOR_TEST_NOWHERE")))
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := client.Wait(ctx, "outage")
	it := failure(t, err, anchor.ErrNotSent, context.DeadlineExceeded)
	if took := time.Since(began); took < 500*time.Millisecond || it.MaybeConsumed || !it.Timeout() || it.LastError == "" && it.Phase == "" {
		t.Fatalf("%v %+v", took, it)
	}
	if it.Elapsed < 100*time.Millisecond {
		t.Fatalf("%+v", it)
	}
}

// C23, C25: a wrong key is refused, and nothing that is printed has the key or the data.
func TestNothingThatIsPrintedHasTheKeyOrTheData(t *testing.T) {
	setting := anchor.WithAPIKey("a-wrong-key-of-this-test")
	client, wrong := newClient(t), newClient(t, setting)
	err := wrong.Signal(bounded(t), "secret", map[string]string{"secret": "data-of-this-test"})
	failure(t, err, anchor.ErrUnauthorized)
	send(t, client, "secret", map[string]any{"secret": "data-of-this-test", "number": 424242})
	event, waited := client.Wait(bounded(t), "secret")
	if waited != nil {
		t.Fatal(waited)
	}
	var text struct{ Secret, Number string }
	mismatch := event.Decode(&text)
	var quoted struct {
		Secret int `json:",string"`
	}
	invalid := event.Decode(&quoted)
	if mismatch == nil || !strings.Contains(mismatch.Error(), `"Number"`) || invalid == nil || event.Decode(nil) == nil {
		t.Fatal(mismatch, invalid)
	}
	shown, _ := json.Marshal([]any{event, *event, wrong, err})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, it := range []any{event, *event, wrong, err, setting, mismatch, invalid} {
			shown = append(shown, fmt.Sprintf(verb, it)...)
		}
	}
	for _, secret := range []string{"data-of-this-test", "424242", "wrong-key", fmt.Sprintf("%x", "data-of"), fmt.Sprintf("%x", "wrong-key")} {
		if strings.Contains(string(shown), secret) {
			t.Fatal(secret)
		}
	}
	if text := fmt.Sprint(event); text != `Event("secret")` {
		t.Fatal(text)
	}
}

// C07, C08: data of every kind arrives as it was sent, and the answer can be had byte for byte.
func TestDataArrivesAsItWasSent(t *testing.T) {
	client := newClient(t)
	sent := `{"null":null,"booleans":[true,false],"numbers":[0,-1,9007199254740993,1e300,0.1,-0.0,1000000000000000000000000000000],` +
		`"text":"\u0000 ✓ 🔑 \\ \" \n","nested":{"":[[],{},[{"a":[null]}]]}}`
	send(t, client, "kinds", json.RawMessage(sent))
	event, err := client.Wait(bounded(t), "kinds")
	if err != nil {
		t.Fatal(err)
	}
	var before, after map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(event.Data())))
	decoder.UseNumber()
	if err := decoder.Decode(&after); err != nil {
		t.Fatal(err)
	}
	decoder = json.NewDecoder(strings.NewReader(sent))
	decoder.UseNumber()
	if err := decoder.Decode(&before); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Fatal("the data is another")
	}
	if raw := string(event.Raw()); raw != `{"data":`+string(event.Data())+"}" {
		t.Fatal("the answer is another")
	}
}

// C30: data that is not an object, or that JSON cannot express, is refused before anything is sent.
func TestDataThatIsNoObjectIsRefused(t *testing.T) {
	client := newClient(t)
	var unsupported *json.UnsupportedTypeError
	for _, data := range []any{1, "text", true, []int{}, []int(nil), (*int)(nil), math.NaN(), math.Inf(1), map[string]float64{"x": math.NaN()},
		map[string]any{"x": make(chan int)}, func() {}, json.RawMessage("{"), json.RawMessage("[1]"), json.RawMessage("{}\x00")} {
		err := client.Signal(bounded(t), "refused", data)
		failure(t, err, anchor.ErrInvalidArgument)
		if _, isFunction := data.(func()); isFunction && !errors.As(err, &unsupported) {
			t.Fatal(err)
		}
	}
	if it := stats(t, client); it.Signals != 0 {
		t.Fatalf("%+v", it)
	}
}

// C26, C27, C28, C29: what is missing, out of range or cut off is refused, and the error names it.
func TestWhatIsWrongIsRefused(t *testing.T) {
	client := newClient(t)
	names := map[string]string{"": "event_name", ".": "event_name", "..": "event_name", strings.Repeat("x", 4097): "event_name",
		"cut\x00off": "event_name contains U+0000", "\xff": "event_name"}
	for name, word := range names {
		_, wait := client.Wait(bounded(t), name)
		_, drain := client.Drain(bounded(t), name)
		for _, err := range []error{wait, drain, client.Signal(bounded(t), name, nil)} {
			if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), word) {
				t.Fatal(err)
			}
		}
	}
	for word, option := range map[string]anchor.Option{"option": nil, "timeout": anchor.WithTimeout(-1), "header contains": anchor.WithHeader("a", "\x00")} {
		_, err := client.Wait(bounded(t), "x", option)
		if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), word) {
			t.Fatal(err)
		}
	}
	var none context.Context
	_, err := client.Wait(none, "x")
	if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), "context") {
		t.Fatal(err)
	}
	if it := stats(t, client); it.Waits != 0 || it.Signals != 0 {
		t.Fatalf("%+v", it)
	}
}
