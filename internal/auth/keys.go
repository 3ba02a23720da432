package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Keys signs tokens and verifies them. It is safe for many goroutines.
//
// It has two keys, both of one seed: a secret (HS256), with which it signs,
// and a pair (EdDSA), with which it signed before.
type Keys struct {
	secret *secret
	pair   *pair
}

const (
	pemType = "PRIVATE KEY" // PKCS #8 (RFC 5958, RFC 8410)
	maxFile = 16 << 10      // bytes; a key file has about 120
)

// LoadOrCreate reads the signing key from a file, and makes one there (and the
// directory for it) if there is none. The file is complete or absent whatever
// crashes, and of two servers that start at once both end with the same key.
func LoadOrCreate(path string) (*Keys, error) {
	key, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = create(path); err == nil || errors.Is(err, fs.ErrExist) {
			key, err = load(path) // ours, or that of who was faster
		}
	}
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	return newKeys(key)
}

func newKeys(key ed25519.PrivateKey) (*Keys, error) {
	secret, err := newSecret(key.Seed())
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	pair, err := newPair(key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	return &Keys{secret: secret, pair: pair}, nil
}

func load(path string) (ed25519.PrivateKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// A group may read it, as orchestrators mount their secrets, but no more.
	if mode := info.Mode().Perm(); mode&0o037 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s is open to others (mode %04o): chmod 600 it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("%s holds no PEM block %q", path, pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a %T, not an Ed25519 key", path, parsed)
	}
	return key, nil
}

// create writes a new key beside path and then links it there: unlike a
// rename, a link never replaces a key that somebody else has just made.
func create(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = pem.Encode(f, &pem.Block{Type: pemType, Bytes: der})
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name in dir durable. Windows does so by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
