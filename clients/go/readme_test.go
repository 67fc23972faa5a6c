package mcpgrpc_test

// What is shown to newcomers, run as they would run it.

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// goRun compiles and runs a program of this module against the live server.
func goRun(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := exec.CommandContext(patient(t), "go", append([]string{"run"}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return string(output)
}

func TestTheFirstExampleOfTheReadmeRuns(t *testing.T) {
	address := environment(t, "MCPGRPC_ADDRESS")
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```go\n")
	program, _, closed := strings.Cut(rest, "```")
	if !closed || strings.Count(program, "127.0.0.1:50051") != 1 {
		t.Fatalf("the example is %q", program)
	}
	path := filepath.Join(t.TempDir(), "main.go")
	program = strings.Replace(program, "127.0.0.1:50051", address, 1)
	if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "what it prints", goRun(t, path), "3\n")
}

func TestTheTourRuns(t *testing.T) {
	printed := goRun(t, "./examples/tour", environment(t, "MCPGRPC_ADDRESS"))
	for _, line := range []string{"tool add\n", "tool extra_24\n", `result {"result":3}`, "calls on one stream: 100\n"} {
		if !strings.Contains(strings.ReplaceAll(printed, ": 3", ":3"), line) {
			t.Errorf("%q is not in %s", line, printed)
		}
	}
}
