package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lyceum-live/lyceum/internal/auth"
)

func TestKeyFileIsPrivateAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "auth.key")
	first, err := auth.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %04o, want %04o", filepath.Base(name), got, want)
		}
	}
	again, err := auth.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Verify(mint(t, first, ana(auth.Room)), auth.Room, "go-101", now); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestServersThatStartAtOnceShareOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.key")
	var wg sync.WaitGroup
	servers := make([]*auth.Keys, 8)
	for i := range servers {
		wg.Go(func() {
			var err error
			if servers[i], err = auth.LoadOrCreate(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	token := mint(t, servers[0], ana(auth.Room))
	for _, s := range servers {
		_, err := s.Verify(token, auth.Room, "go-101", now)
		wantError(t, err, nil)
	}
}

func TestBadKeyFileIsRefusedAndKept(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"empty", "", 0o600, "no PEM"},
		{"torn", "-----BEGIN PRIVATE KEY-----\nMC4CAQ", 0o600, "no PEM"},
		{"not a key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), 0o600, "asn1"},
		{"another algorithm", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600, "not an Ed25519 key"},
		{"open to all", "", 0o644, "open to others"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.key")
			if err := os.WriteFile(path, []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := auth.LoadOrCreate(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if kept, _ := os.ReadFile(path); string(kept) != tt.text {
				t.Error("the file was changed")
			}
		})
	}
}
