package anchor_test

import (
	"go/format"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each program of the README runs as it stands there, and is formatted.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	printed := []string{"123456", `{"number":1}`, "not signaled in time"}
	if len(programs) != len(printed) {
		t.Fatal(len(programs), "programs")
	}
	for i, program := range programs {
		if formatted, err := format.Source([]byte(program[1])); err != nil || string(formatted) != program[1] {
			t.Errorf("program %d is not formatted: %v", i, err)
		}
		output, err := goRun(t, "run", program[1])
		if err != nil || strings.TrimSpace(output) != printed[i] {
			t.Error(output, err)
		}
	}
}
