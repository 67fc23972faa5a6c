package mcpgrpc

// What the service config says, which all languages share.

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTheServiceConfigRetriesNothingThatHasAnEffect(t *testing.T) {
	var config struct {
		MethodConfig []struct {
			Name        []struct{ Service, Method string }
			RetryPolicy *struct{ MaxAttempts int }
		}
	}
	if err := json.Unmarshal([]byte(serviceConfig), &config); err != nil {
		t.Fatal(err)
	}
	retried := 0
	for _, method := range config.MethodConfig {
		for _, name := range method.Name {
			retried++
			for _, never := range []string{"CallTool", "WatchTool", "Call", "Session", "Listen", ""} {
				if name.Method == never || strings.HasSuffix(name.Service, ".McpService") {
					t.Errorf("%s/%q is retried", name.Service, name.Method)
				}
			}
		}
	}
	if retried == 0 {
		t.Error("nothing is retried")
	}
}
