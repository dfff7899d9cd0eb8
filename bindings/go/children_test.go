package anchor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// children are the programs that process_test.go starts.
var children = map[string]func(){
	"wait": func() {
		_, err := must(anchor.NewClient()).Wait(context.Background(), "of_child")
		fmt.Println(err)
	},
	"notify_context": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		_, err := must(anchor.NewClient()).Wait(ctx, "of_child")
		if errors.Is(err, context.Canceled) {
			fmt.Println("cancelled")
		}
	},
	"handler": func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGUSR1)
		go func() {
			for range signals {
				fmt.Println("handled")
			}
		}()
		fmt.Println(string(must(must(anchor.NewClient()).Wait(context.Background(), "of_child")).Data()))
	},
	"exit": func() {
		openCalls()
		os.Exit(7)
	},
	"return": openCalls,
	"many_calls": func() {
		client := must(anchor.NewClient())
		data := map[string]string{"filler": strings.Repeat("x", 16384)}
		calls := func(count int) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for i := 0; i < count; i++ {
				if err := client.Signal(ctx, "many", data, anchor.WithHeader("x-one", "1")); err != nil {
					panic(err)
				}
				must(client.Wait(ctx, "many", anchor.WithTimeout(time.Minute)))
			}
		}
		calls(1000)
		for _, count := range []int{500, 2000} {
			calls(count)
			fmt.Println(footprint())
		}
	},
}

// openCalls returns when stdin ends, while a wait and a signal go on.
func openCalls() {
	client := must(anchor.NewClient())
	go client.Signal(context.Background(), "hang", nil)
	go client.Wait(context.Background(), "of_child")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// footprint is memory in KiB, descriptors, goroutines and threads. A goroutine that has returned may still be there for a moment.
func footprint() string {
	for began := time.Now(); runtime.NumGoroutine() > 1 && time.Since(began) < patience/2; {
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	status := must(os.ReadFile("/proc/self/status"))
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	memory := bytes.Fields(rest)[0]
	descriptors, tasks := must(os.ReadDir("/proc/self/fd")), must(os.ReadDir("/proc/self/task"))
	return fmt.Sprintf("%s %d %d %d", memory, len(descriptors), runtime.NumGoroutine(), len(tasks))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
