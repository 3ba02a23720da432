package config

import (
	"maps"
	"slices"
	"strings"
)

const envPrefix = "LYCEUM_"

// FileEnv is the variable that names the configuration file. It is no option.
const FileEnv = envPrefix + "CONFIG"

func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// readEnv takes the variables that are options; a variable that is empty
// counts as not set. One that only looks like an option's is refused as a slip
// of the pen. Others are let be, though they begin alike: an orchestrator
// makes LYCEUM_SERVICE_HOST of a service's name.
func (t *tree) readEnv(env []string) error {
	values := map[string]string{}
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && value != "" && name != FileEnv && strings.HasPrefix(name, envPrefix) {
			values[name] = value
		}
	}
	names := map[string]bool{}
	for _, o := range t.options {
		names[o.env] = true
		if value, ok := values[o.env]; ok {
			if err := o.setText(value); err != nil {
				return &Error{o.env, o.key, err.Error()}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if names[name] {
			continue
		}
		if near := nearest(name, sortedKeys(names), 2); near != "" {
			return &Error{Where: name, Text: "there is no such option; did you mean " + near + "?"}
		}
	}
	return nil
}
