package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/auth"
)

func TestAPIKeys(t *testing.T) {
	sum := sha256.Sum256([]byte("kept-as-a-hash-only"))
	keys, err := auth.ParseAPIKeys([]string{"crm=sha256:" + hex.EncodeToString(sum[:]), "shop=a-long-plain=secret"})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"kept-as-a-hash-only":                  "crm",
		"a-long-plain=secret":                  "shop",
		"a-long-plain":                         "",
		"":                                     "",
		"sha256:" + hex.EncodeToString(sum[:]): "", // the hash is not the key
		strings.Repeat("x", 1<<20):             "",
	} {
		if name, ok := keys.Check(key); name != want || ok != (want != "") {
			t.Errorf("got %q, %v; want %q", name, ok, want)
		}
	}
	none, err := auth.ParseAPIKeys(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := none.Check(""); ok {
		t.Error("without keys, an empty key was accepted")
	}
}

func TestBadAPIKeysAreNotRepeated(t *testing.T) {
	for _, entry := range []string{"hush", "=hush-hush-hush-hush", "a=hush", "a=sha256:hush", "a=sha256:" + strings.Repeat("ab", 31), "a=" + strings.Repeat("hush", 200)} {
		_, err := auth.ParseAPIKeys([]string{"ok=0123456789abcdef", entry})
		if err == nil || !strings.Contains(err.Error(), "API key 2") || strings.Contains(err.Error(), "hush") {
			t.Errorf("got error %v", err)
		}
	}
	if _, err := auth.ParseAPIKeys([]string{"a=0123456789abcdef", "a=fedcba9876543210"}); err == nil {
		t.Error("a name twice was accepted")
	}
}
