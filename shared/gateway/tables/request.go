package tables

import (
	"fmt"
	"strconv"
	"strings"

	"docket/shared/table"
)

// request is what requests have, of all actions.
type request struct {
	TableName string
	write

	ConsistentRead         bool
	KeyConditionExpression string
	ScanIndexForward       *bool
	Limit                  int
	ExclusiveStartKey      attributes

	RequestItems  map[string]keysAndAttributes
	TransactItems []struct{ Put, Delete, ConditionCheck *namedWrite }

	ReturnConsumedCapacity string
	ClientRequestToken     string
}

type keysAndAttributes struct {
	Keys           []attributes
	ConsistentRead bool
}

// write is a put, a delete or a check.
type write struct {
	Key, Item                           attributes
	ConditionExpression                 string
	ExpressionAttributeValues           attributes
	ReturnValuesOnConditionCheckFailure string
}

type namedWrite struct {
	TableName string
	write
}

// attributes are those of an item, a key or an expression. Other types than binary
// and number are refused as unknown fields.
type attributes map[string]attribute

type attribute struct {
	B *[]byte `json:",omitempty"`
	N *string `json:",omitempty"`
}

func binary(s string) attribute {
	b := []byte(s)
	return attribute{B: &b}
}

// number reads a whole number, 0 if there is none.
func (a attributes) number(name string) (int64, error) {
	v, ok := a[name]
	if !ok {
		return 0, nil
	}
	if v.N == nil {
		return 0, invalid(name + " is no number")
	}
	n, err := strconv.ParseInt(*v.N, 10, 64)
	if err != nil {
		return 0, invalid(name + " is no whole number")
	}
	return n, nil
}

// version is as number, without a sign.
func (a attributes) version(name string) (uint64, error) {
	v, ok := a[name]
	if !ok {
		return 0, nil
	}
	if v.N == nil {
		return 0, invalid(name + " is no number")
	}
	n, err := strconv.ParseUint(*v.N, 10, 64)
	if err != nil {
		return 0, invalid(name + " is no version")
	}
	return n, nil
}

// text is a binary value.
func (a attributes) text(name string) (string, error) {
	v, ok := a[name]
	if !ok || v.B == nil {
		return "", invalid("there is no binary " + name)
	}
	return string(*v.B), nil
}

// key reads what has a key and no more than the others.
func (a attributes) key(others string) (k table.Key, err error) {
	for name := range a {
		if len(name) != 1 || !strings.Contains("ps"+others, name) {
			return k, invalid(fmt.Sprintf("an attribute %q has no place here", name))
		}
	}
	if k.Partition, err = a.text("p"); err != nil {
		return k, err
	}
	k.Sort, err = a.text("s")
	return k, err
}

// item reads an item.
func (a attributes) item() (it table.Item, err error) {
	if it.Key, err = a.key("vnx"); err != nil {
		return it, err
	}
	if v, ok := a["v"]; ok {
		if v.B == nil {
			return it, invalid("v is not binary")
		}
		it.Value = *v.B
	}
	if it.Version, err = a.version("n"); err != nil {
		return it, err
	}
	it.Expires, err = a.number("x")
	return it, err
}

func keyAttributes(k table.Key) attributes {
	return attributes{"p": binary(k.Partition), "s": binary(k.Sort)}
}

func itemAttributes(it *table.Item) attributes {
	a := keyAttributes(it.Key)
	if len(it.Value) > 0 {
		a["v"] = attribute{B: &it.Value}
	}
	if it.Version != 0 {
		n := strconv.FormatUint(it.Version, 10)
		a["n"] = attribute{N: &n}
	}
	if it.Expires != 0 {
		n := strconv.FormatInt(it.Expires, 10)
		a["x"] = attribute{N: &n}
	}
	return a
}

// The conditions that package dynamo knows.
const (
	absent    = "attribute_not_exists(p) OR x <= :now"
	present   = "attribute_exists(p) AND (attribute_not_exists(x) OR x > :now)"
	noVersion = present + " AND attribute_not_exists(n)"
	versionIs = present + " AND n = :n"
)

// op is a write as the table has it.
func (w *write) op(kind table.Kind) (op table.Op, err error) {
	op.Kind = kind
	if kind == table.Put {
		op.Item, err = w.Item.item()
	} else {
		op.Item.Key, err = w.Key.key("")
	}
	if err != nil {
		return op, err
	}
	if (kind == table.Put) == (w.Key != nil) || w.ConditionExpression != "" && w.ReturnValuesOnConditionCheckFailure != "ALL_OLD" {
		return op, invalid("a write of another form than those of package dynamo")
	}
	values := 1
	switch w.ConditionExpression {
	case "":
		values = 0
	case absent:
		op.If = table.Absent
	case present:
		op.If = table.Present
	case noVersion:
		op.If = table.VersionIs
	case versionIs:
		op.If, values = table.VersionIs, 2
		if op.IfVersion, err = w.ExpressionAttributeValues.version(":n"); err != nil {
			return op, err
		}
	default:
		return op, invalid("an unknown condition: " + w.ConditionExpression)
	}
	if _, err := w.ExpressionAttributeValues.number(":now"); err != nil || len(w.ExpressionAttributeValues) != values {
		return op, invalid("the values are not those of the condition")
	}
	return op, nil
}
