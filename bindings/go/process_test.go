package anchor_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// C39, C40: many waits take no thread, and other goroutines go on.
func TestManyWaitsTakeNoThread(t *testing.T) {
	const many = 500
	client := newClient(t)
	send(t, client, "warm", nil)
	take(t, client, "warm")
	before := threads(t)
	ends := make(chan error, 2*many)
	for job := 0; job < many; job++ {
		go func(name string) {
			event, err := client.Wait(bounded(t), name)
			if err == nil && string(event.Data()) != `{"of":"`+name+`"}` {
				err = fmt.Errorf("%s has the data of another event", name)
			}
			ends <- err
		}(fmt.Sprint("job_", job))
	}
	untilWaiting(t, "", many)
	if after := threads(t); after > before+8 {
		t.Errorf("%d threads, and before %d", after, before)
	}
	ticks := 0
	for ticker := time.NewTicker(time.Millisecond); ticks < 20; ticks++ {
		<-ticker.C
	}
	for job := 0; job < many; job++ {
		go func(name string) { ends <- client.Signal(bounded(t), name, map[string]string{"of": name}) }(fmt.Sprint("job_", job))
	}
	for i := 0; i < 2*many; i++ {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	// Signals block in C, 64 of a client at once.
	if after := threads(t); after > before+64+16 {
		t.Errorf("%d threads, and before %d", after, before)
	}
}

// threads is the number of those of this process.
func threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

// C17: Ctrl-C ends the process, as it ends every program of Go.
func TestCtrlCEndsTheProcess(t *testing.T) {
	program := child(t, "wait")
	start(t, program)
	untilWaiting(t, "of_child", 1)
	interrupt(t, program)
	_ = program.Wait()
	if status := program.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Fatal(program.ProcessState)
	}
	untilWaiting(t, "of_child", 0)
}

// C17: Ctrl-C ends a wait whose context is of signal.NotifyContext.
func TestCtrlCEndsAWait(t *testing.T) {
	program := child(t, "notify_context")
	lines := output(t, program)
	untilWaiting(t, "of_child", 1)
	interrupt(t, program)
	if line := <-lines; line != "cancelled" {
		t.Fatal(line)
	}
	if err := program.Wait(); err != nil {
		t.Fatal(err)
	}
}

// C18: a signal handler that returns does not end a wait.
func TestASignalHandlerDoesNotEndAWait(t *testing.T) {
	program := child(t, "handler")
	lines := output(t, program)
	untilWaiting(t, "of_child", 1)
	for i := 0; i < 5; i++ {
		if err := program.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if line := <-lines; line != "handled" {
			t.Fatal(line)
		}
	}
	send(t, newClient(t), "of_child", nil)
	if line := <-lines; line != "{}" {
		t.Fatal(line)
	}
	if err := program.Wait(); err != nil {
		t.Fatal(err)
	}
}

// C43: a process exits at once with calls open.
func TestAProcessExitsWithWaitsOpen(t *testing.T) {
	for name, code := range map[string]int{"exit": 7, "return": 0} {
		program := child(t, name)
		stdin, err := program.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		start(t, program)
		untilWaiting(t, "of_child", 1)
		if err := stdin.Close(); err != nil {
			t.Fatal(err)
		}
		_ = program.Wait()
		if program.ProcessState.ExitCode() != code {
			t.Fatal(program.ProcessState)
		}
		untilWaiting(t, "of_child", 0)
	}
}

// C42: garbage is collected during a wait, and a client that nobody refers to is freed.
func TestGarbageIsCollectedDuringAWait(t *testing.T) {
	ended := make(chan error)
	descriptors := open(t)
	go func() {
		client, err := anchor.NewClient()
		if err == nil {
			_, err = client.Wait(bounded(t), "collected", anchor.WithHeader("x-one", "1"))
		}
		ended <- err
	}()
	untilWaiting(t, "collected", 1)
	for i := 0; i < 5; i++ {
		runtime.GC()
	}
	send(t, newClient(t), "collected", nil)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 20; i++ {
		if _, err := anchor.NewClient(); err != nil {
			t.Fatal(err)
		}
	}
	// Finalizers run in a goroutine of their own. A client that is closed has none, and its queue is that of the process.
	until(t, func() bool {
		runtime.GC()
		return open(t) <= descriptors+4
	})
}

// C45: thousands of calls leave no memory, goroutine or descriptor behind.
func TestThousandsOfCallsLeaveNothingBehind(t *testing.T) {
	program := child(t, "many_calls")
	lines := output(t, program)
	var before, after struct{ memory, descriptors, goroutines, threads int }
	for _, it := range []*struct{ memory, descriptors, goroutines, threads int }{&before, &after} {
		line := <-lines
		if _, err := fmt.Sscan(line, &it.memory, &it.descriptors, &it.goroutines, &it.threads); err != nil {
			t.Fatal(line, err)
		}
	}
	if err := program.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v %+v", before, after)
	// Answers that were not freed would be 32,000 KiB. The race detector takes some by itself.
	if after.memory-before.memory > 20_000 || after.descriptors > before.descriptors || after.goroutines > before.goroutines {
		t.Fatalf("%+v %+v", before, after)
	}
	if after.threads > before.threads+4 {
		t.Fatalf("%+v %+v", before, after)
	}
}

func open(t *testing.T) int {
	t.Helper()
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(descriptors)
}

func interrupt(t *testing.T, program *exec.Cmd) {
	t.Helper()
	if err := program.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// output starts a program, and gives the lines that it prints, at the latest after some time an empty one.
func output(t *testing.T, program *exec.Cmd) <-chan string {
	t.Helper()
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, program)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			select {
			case lines <- strings.TrimSpace(scanner.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
