package dynamo

import (
	"errors"
	"fmt"
	"strconv"

	"docket/shared/table"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// errForeign says that an item was not written by this package.
var errForeign = errors.New("item has foreign attributes")

func binary(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func unsigned(n uint64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
}

func keyAttributes(k table.Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"p": binary(k.Partition), "s": binary(k.Sort)}
}

func itemAttributes(it *table.Item) map[string]types.AttributeValue {
	a := keyAttributes(it.Key)
	if len(it.Value) > 0 {
		a["v"] = &types.AttributeValueMemberB{Value: it.Value}
	}
	if it.Version != 0 {
		a["n"] = unsigned(it.Version)
	}
	if it.Expires != 0 {
		a["x"] = number(it.Expires)
	}
	return a
}

// newItem reads the attributes of a whole item.
func newItem(a map[string]types.AttributeValue) (table.Item, error) {
	var it table.Item
	p, ok1 := a["p"].(*types.AttributeValueMemberB)
	s, ok2 := a["s"].(*types.AttributeValueMemberB)
	if !ok1 || !ok2 {
		return it, fmt.Errorf("read item: %w: no key", errForeign)
	}
	it.Key = table.Key{Partition: string(p.Value), Sort: string(s.Value)}
	if v, ok := a["v"].(*types.AttributeValueMemberB); ok {
		it.Value = v.Value
	}
	var err error
	if n, ok := a["n"].(*types.AttributeValueMemberN); ok {
		if it.Version, err = strconv.ParseUint(n.Value, 10, 64); err != nil {
			return it, fmt.Errorf("read item %s: %w: version", it.Key, errForeign)
		}
	}
	if x, ok := a["x"].(*types.AttributeValueMemberN); ok {
		if it.Expires, err = strconv.ParseInt(x.Value, 10, 64); err != nil {
			return it, fmt.Errorf("read item %s: %w: expiry", it.Key, errForeign)
		}
	}
	return it, nil
}
