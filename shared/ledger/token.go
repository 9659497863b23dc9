package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"docket/shared/table"
)

// MinKeyLife is how long a Key is remembered at least (contract, section 8;
// design, section 6.9).
const MinKeyLife = 24 * time.Hour

// clockSlack is how far the clocks that set and read expiries may be wrong (design,
// section 6.9): a key lives that much longer, so that it lives long enough.
const clockSlack = 24 * time.Hour

// Key makes a batch exactly repeatable: a Batch with the Owner and Text of one
// that was stored stores nothing, wherever it is sent.
type Key struct {
	Owner string        // whose key it is: the same Text of others is another key
	Text  string        // not empty
	Body  [32]byte      // SHA-256 of what the client sent
	Life  time.Duration // how long it is remembered; less than MinKeyLife is MinKeyLife

	// Window, unless 0, is how long after it was stored a batch is taken for
	// repeated; later the key is as good as new. It is at most MinKeyLife, whole
	// seconds, and always the same for one Owner and Text, as Life is. Append
	// alone knows it.
	Window time.Duration
}

// Token identifies one batch over all attempts to store it.
type Token [16]byte

// callID tells one Append from another with the same key.
type callID [8]byte

// Layout of a token item's value; doc.go has it as a table.
const (
	tokenVersion = 1
	tokenSize    = 1 + 1 + 4 + 8 + sha256.Size + 8 + 4
)

// errToken is a token item that is not what was written under its key.
var errToken = errors.New("token item is damaged")

// name is a hash of owner and text. The length keeps the two apart.
func (k *Key) name() [sha256.Size]byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(k.Owner))))
	h.Write([]byte(k.Owner))
	h.Write([]byte(k.Text))
	var name [sha256.Size]byte
	h.Sum(name[:0])
	return name
}

// tokenKey spreads tokens over 256 partitions.
func tokenKey(name [sha256.Size]byte) table.Key {
	return table.Key{Partition: fmt.Sprintf("token/%02x", name[0]), Sort: string(name[:])}
}

// tokenItem is what is stored for a key together with its batch.
func (k *Key) tokenItem(r Receipt, call callID, now time.Time) table.Item {
	key := tokenKey(k.name())
	v := make([]byte, 0, tokenSize)
	v = append(v, tokenVersion, byte(r.Shard))
	v = binary.BigEndian.AppendUint32(v, uint32(r.N))
	v = binary.BigEndian.AppendUint64(v, uint64(r.First))
	v = append(v, k.Body[:]...)
	v = append(v, call[:]...)
	v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
	it := table.Item{Key: key, Value: v, Expires: now.Add(k.life()).Unix() + 1}
	if k.Window != 0 {
		it.Version = binary.BigEndian.Uint64(call[:]) // another for each that replaces it
	}
	return it
}

func (k *Key) life() time.Duration { return max(k.Life, MinKeyLife) + clockSlack }

// ended says whether a token item was stored by another call, longer ago than the
// window. One from the future is of a clock that is ahead, and new.
func (k *Key) ended(it *table.Item, call callID, now time.Time) bool {
	if k.Window == 0 {
		return false
	}
	t, err := readToken(it)
	if err != nil || t.call == call {
		return false // resolve says what it is
	}
	age := now.Add(k.life()).Unix() + 1 - it.Expires
	return age > int64(k.Window/time.Second)
}

// resolve says what an existing token item means for a batch with this key: where
// it was stored, by this call or another, or ErrKeyReused.
func (k *Key) resolve(it *table.Item, call callID) (Receipt, error) {
	t, err := readToken(it)
	if err != nil {
		return Receipt{}, err
	}
	if t.body != k.Body {
		return Receipt{}, ErrKeyReused
	}
	t.Duplicate = t.call != call
	return t.Receipt, nil
}

// token is what is stored for a key.
type token struct {
	Receipt
	body [sha256.Size]byte
	call callID
}

// readToken checks a token item.
func readToken(it *table.Item) (token, error) {
	v := it.Value
	if len(v) != tokenSize || v[0] != tokenVersion {
		return token{}, fmt.Errorf("%w: %d bytes of an unknown version", errToken, len(v))
	}
	body := v[:tokenSize-4]
	if keyedSum(it.Key, body) != binary.BigEndian.Uint32(v[tokenSize-4:]) {
		return token{}, fmt.Errorf("%w: wrong checksum", errToken)
	}
	return token{
		Receipt: Receipt{
			Shard: Shard(v[1]),
			First: Position(binary.BigEndian.Uint64(v[6:])),
			N:     int(binary.BigEndian.Uint32(v[2:])),
		},
		body: [sha256.Size]byte(v[14:]),
		call: callID(body[len(body)-len(callID{}):]),
	}, nil
}

// keyedSum is a checksum of a value that binds it to its key.
func keyedSum(k table.Key, value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, []byte(k.Partition))
	sum = crc32.Update(sum, castagnoli, []byte{0})
	sum = crc32.Update(sum, castagnoli, []byte(k.Sort))
	return crc32.Update(sum, castagnoli, value)
}
