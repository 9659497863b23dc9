package bolt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"docket/shared/table"
)

// The layout is a promise to files that exist: these bytes must never change.
func TestLayout(t *testing.T) {
	tests := []struct {
		item       table.Item
		key, value string
	}{
		{table.Item{Key: table.Key{Partition: "p", Sort: "s1"}, Version: 3, Value: []byte("hi")},
			"0001 70 7331", "9c6b4166 03 00 6869"},
		{table.Item{Key: table.Key{Partition: "\xff\x00", Sort: "\x00"}, Version: 1 << 63, Expires: 1_800_000_000},
			"0002 ff00 00", "a64cc74f 80808080808080808001 80a4a7da06"},
	}
	for _, tt := range tests {
		k := appendKey(nil, tt.item.Key)
		v := encodeItem(k, &tt.item)
		if got, want := hex.EncodeToString(k), strings.ReplaceAll(tt.key, " ", ""); got != want {
			t.Errorf("%s: key %s, want %s", tt.item.Key, got, want)
		}
		if got, want := hex.EncodeToString(v), strings.ReplaceAll(tt.value, " ", ""); got != want {
			t.Errorf("%s: value %s, want %s", tt.item.Key, got, want)
		}
	}
	if got := hex.EncodeToString(appendExpiryKey(nil, 258, []byte{7})); got != "000000000000010207" {
		t.Errorf("expiry key %s", got)
	}
}

// Keys compare as partitions of one length do, and within one as sort keys do;
// after is behind all keys of its partition and not behind the next's.
func TestKeyOrder(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xfe, 0xff}), 1, 4).Draw(t, "bytes"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a := table.Key{Partition: text.Draw(t, "partition"), Sort: text.Draw(t, "sort")}
		b := table.Key{Partition: text.Draw(t, "partition"), Sort: text.Draw(t, "sort")}
		ka, kb := appendKey(nil, a), appendKey(nil, b)
		if got, ok := parseKey(ka); !ok || got != a {
			t.Fatalf("%s is parsed as %s", a, got)
		}
		end := after(appendPrefix(nil, a.Partition))
		if bytes.Compare(ka, end) >= 0 {
			t.Fatalf("%s is not before the end of its partition", a)
		}
		if a.Partition == b.Partition {
			if bytes.Compare(ka, kb) != strings.Compare(a.Sort, b.Sort) {
				t.Fatalf("%s and %s are in the wrong order", a, b)
			}
			return
		}
		if (bytes.Compare(kb, ka) < 0) != (bytes.Compare(kb, end) < 0) {
			t.Fatalf("%s lies within the partition of %s", b, a)
		}
	})
}

func FuzzDecodeItem(f *testing.F) {
	k := appendKey(nil, table.Key{Partition: "p", Sort: "s"})
	f.Add(k, encodeItem(k, &table.Item{Version: 1 << 40, Expires: 5, Value: []byte("value")}))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, b []byte) {
		s, err := decodeItem(key, b)
		if err != nil {
			if !errors.Is(err, table.ErrDamaged) {
				t.Fatalf("error %v is not ErrDamaged", err)
			}
			return
		}
		it := table.Item{Version: s.version, Expires: s.expires, Value: s.value}
		again, err := decodeItem(key, encodeItem(key, &it))
		if err != nil || again.version != s.version || again.expires != s.expires || !bytes.Equal(again.value, s.value) {
			t.Fatalf("%+v is stored as %+v, %v", s, again, err)
		}
	})
}

// Every change of one bit, in the key or in what is stored, is noticed.
func TestEveryBitCounts(t *testing.T) {
	k := appendKey(nil, table.Key{Partition: "partition", Sort: "sort"})
	v := encodeItem(k, &table.Item{Version: 7, Expires: 9, Value: []byte("some value of a few bytes")})
	for i := range 8 * (len(k) + len(v)) {
		key, value := bytes.Clone(k), bytes.Clone(v)
		if at := i / 8; at < len(k) {
			key[at] ^= 1 << (i % 8)
		} else {
			value[at-len(k)] ^= 1 << (i % 8)
		}
		if _, err := decodeItem(key, value); !errors.Is(err, table.ErrDamaged) {
			t.Fatalf("bit %d changed: error %v", i, err)
		}
	}
	for n := range v {
		if _, err := decodeItem(k, v[:n]); !errors.Is(err, table.ErrDamaged) {
			t.Fatalf("cut to %d bytes: error %v", n, err)
		}
	}
}
