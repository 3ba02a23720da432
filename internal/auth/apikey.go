package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	hashPrefix = "sha256:"
	minAPIKey  = 16 // characters of a key that is written out
	maxAPIKey  = 512
)

// APIKeys are the keys with which other servers post behaviours. It is read
// only once made.
type APIKeys struct{ keys []apiKey }

type apiKey struct {
	name string
	hash [sha256.Size]byte
}

// ParseAPIKeys reads entries of the form "name=sha256:<64 hex digits>", the
// hash of a key, or "name=<key>" with a key of at least 16 characters, which
// is meant for a secret that comes from the environment. Errors name the entry
// by its number and never repeat it.
func ParseAPIKeys(entries []string) (*APIKeys, error) {
	a := &APIKeys{}
	seen := map[string]bool{}
	for i, entry := range entries {
		name, key, ok := strings.Cut(entry, "=")
		if !ok || name == "" || len(name) > 64 || seen[name] {
			return nil, fmt.Errorf("API key %d: want name=key, each name once", i+1)
		}
		seen[name] = true
		k := apiKey{name: name}
		if digits, hashed := strings.CutPrefix(key, hashPrefix); hashed {
			sum, err := hex.DecodeString(digits)
			if err != nil || len(sum) != len(k.hash) {
				return nil, fmt.Errorf("API key %d: after %q must come 64 hexadecimal digits", i+1, hashPrefix)
			}
			copy(k.hash[:], sum)
		} else {
			if len(key) < minAPIKey || len(key) > maxAPIKey {
				return nil, fmt.Errorf("API key %d: a key has %d to %d characters", i+1, minAPIKey, maxAPIKey)
			}
			k.hash = sha256.Sum256([]byte(key))
		}
		a.keys = append(a.keys, k)
	}
	return a, nil
}

// Check returns whose key it is. It takes the same time for every key of the
// same length, right or wrong.
func (a *APIKeys) Check(key string) (name string, ok bool) {
	if len(key) > maxAPIKey {
		return "", false
	}
	hash := sha256.Sum256([]byte(key))
	for i := range a.keys {
		if subtle.ConstantTimeCompare(hash[:], a.keys[i].hash[:]) == 1 {
			name, ok = a.keys[i].name, true
		}
	}
	return name, ok
}
