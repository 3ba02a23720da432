package room

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lyceum-live/lyceum/wire"
)

// recordVersion is the version of the records that this code writes.
const recordVersion = 1

// Vault encrypts people's texts in records and snapshots, each under its
// owner's own key (AES-256-GCM with a random nonce, the owner's id as
// additional data). When a key is gone, the text reads as empty.
type Vault struct {
	keys Keys

	mu    sync.Mutex
	known map[wire.UserID]personKey
}

// personKey is a person's key. The cipher is made when it is needed, in less
// than a microsecond: kept, it would take forty times the room.
type personKey [32]byte

// NewVault returns a vault over the keys of a store.
func NewVault(keys Keys) *Vault {
	return &Vault{keys: keys, known: map[wire.UserID]personKey{}}
}

// maxKnown bounds the keys kept in memory.
const maxKnown = 500_000

// Ensure makes sure that the person has a key.
func (v *Vault) Ensure(ctx context.Context, user wire.UserID) error {
	_, err := v.key(ctx, user)
	return err
}

// key returns the key under an id, from memory if it is there, and makes one
// if there is none.
func (v *Vault) key(ctx context.Context, id wire.UserID) (personKey, error) {
	if key, known := v.cached(id); known {
		return key, nil
	}
	key, err := v.keys.EnsureKey(ctx, id)
	if err != nil {
		return personKey{}, err
	}
	return v.remember(id, key)
}

// cached returns a key if it is in memory.
func (v *Vault) cached(id wire.UserID) (key personKey, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key, known = v.known[id]
	return key, known
}

func (k personKey) cipher() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // and AES has GCM's block size
	}
	return aead
}

func (v *Vault) remember(user wire.UserID, key []byte) (personKey, error) {
	if len(key) != len(personKey{}) {
		return personKey{}, fmt.Errorf("the key of %s has %d bytes", user, len(key))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= maxKnown {
		clear(v.known)
	}
	v.known[user] = personKey(key)
	return personKey(key), nil
}

// load brings the keys of many people into memory at once.
func (v *Vault) load(ctx context.Context, users []wire.UserID) error {
	keys, err := v.keys.Keys(ctx, users)
	if err != nil {
		return err
	}
	for user, key := range keys {
		if _, err := v.remember(user, key); err != nil {
			return err
		}
	}
	return nil
}

// owners lists whose texts a snapshot holds. Inside a string of JSON a quote is
// escaped, so what is looked for stands nowhere else.
func owners(snapshot []byte) []wire.UserID {
	mark := []byte(`"owner":"`)
	var users []wire.UserID
	for {
		i := bytes.Index(snapshot, mark)
		if i < 0 {
			slices.Sort(users)
			return slices.Compact(users)
		}
		snapshot = snapshot[i+len(mark):]
		if end := bytes.IndexByte(snapshot, '"'); end > 0 {
			users = append(users, wire.UserID(snapshot[:end]))
		}
	}
}

// sealed is how personal text stands in a record.
type sealed struct {
	Owner wire.UserID `json:"owner"`
	Box   string      `json:"box"` // base64 of nonce and ciphertext; "" where there is no text
}

func (v *Vault) marshal(ctx context.Context, value any) ([]byte, error) {
	return wire.Encode(value, json.WithMarshalers(json.MarshalToFunc(
		func(enc *jsontext.Encoder, p wire.Personal) error {
			s := sealed{Owner: p.Owner}
			if p.Text != "" {
				key, err := v.key(ctx, p.Owner)
				if err != nil {
					return err
				}
				a := key.cipher()
				nonce := make([]byte, a.NonceSize(), a.NonceSize()+len(p.Text)+a.Overhead())
				_, _ = rand.Read(nonce) // never fails (crypto/rand)
				s.Box = base64.StdEncoding.EncodeToString(a.Seal(nonce, nonce, []byte(p.Text), []byte(p.Owner)))
			}
			return json.MarshalEncode(enc, s)
		})))
}

func (v *Vault) unmarshal(ctx context.Context, data []byte, into any) error {
	return json.Unmarshal(data, into, json.WithUnmarshalers(json.UnmarshalFromFunc(
		func(dec *jsontext.Decoder, p *wire.Personal) error {
			var s sealed
			if err := json.UnmarshalDecode(dec, &s); err != nil {
				return err
			}
			*p = wire.Personal{Owner: s.Owner}
			if s.Box == "" {
				return nil
			}
			key, known := v.cached(s.Owner)
			if !known {
				if err := v.load(ctx, []wire.UserID{s.Owner}); err != nil {
					return err
				}
				if key, known = v.cached(s.Owner); !known {
					return nil // erased
				}
			}
			a := key.cipher()
			box, err := base64.StdEncoding.DecodeString(s.Box)
			if err != nil || len(box) < a.NonceSize() {
				return fmt.Errorf("personal text of %s is damaged", s.Owner)
			}
			if text, err := a.Open(nil, box[:a.NonceSize()], box[a.NonceSize():], []byte(s.Owner)); err == nil {
				p.Text = string(text)
			} // else it was written under a key that has been destroyed
			return nil
		})))
}

// Forget drops a person's key from memory, after it was destroyed.
func (v *Vault) Forget(user wire.UserID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.known, user)
}

// seal makes the record of an event.
func (v *Vault) seal(ctx context.Context, h wire.Head, key string, e Event) (Record, error) {
	kind, ok := kindByType[reflect.TypeOf(e)]
	if !ok {
		return Record{}, fmt.Errorf("event %T has no name", e)
	}
	data, err := v.marshal(ctx, e)
	if err != nil {
		return Record{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return Record{V: recordVersion, Seq: h.Seq, At: h.At, Kind: kind, By: h.By, Key: key, Data: data}, nil
}

// open reads the event of a record.
func (v *Vault) open(ctx context.Context, r Record) (wire.Head, Event, error) {
	h := wire.Head{Seq: r.Seq, At: r.At, By: r.By}
	t, ok := typeByKind[r.Kind]
	if !ok || r.V > recordVersion {
		return h, nil, fmt.Errorf("record %d is a %q of version %d, which this version does not know", r.Seq, r.Kind, r.V)
	}
	e := reflect.New(t)
	if err := v.unmarshal(ctx, r.Data, e.Interface()); err != nil {
		return h, nil, fmt.Errorf("record %d (%s): %w", r.Seq, r.Kind, err)
	}
	return h, e.Elem().Interface(), nil
}
