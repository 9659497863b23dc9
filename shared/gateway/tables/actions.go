package tables

import (
	"context"
	"errors"
	"slices"
	"strings"

	"docket/shared/table"
)

// The limits of one answer (DynamoDB's quotas page).
const (
	maxBatchAnswer = 16 << 20
	maxQueryAnswer = 1 << 20
)

func (s *Service) find(name string) (table.Table, error) {
	t, ok := s.tables[name]
	if !ok {
		return nil, refuse("ResourceNotFoundException", "Requested resource not found: "+name)
	}
	return t, nil
}

// capacity is how many units a call took of a table.
type capacity struct {
	TableName     string
	CapacityUnits float64
}

// itemSize counts an item as DynamoDB does: names are one byte, a number about one
// for two digits, of which there is one more.
func itemSize(it *table.Item) int {
	n := 2 + len(it.Partition) + len(it.Sort)
	if len(it.Value) > 0 {
		n += 1 + len(it.Value)
	}
	const number = 1 + 1 + 10
	if it.Version != 0 {
		n += number
	}
	if it.Expires != 0 {
		n += number
	}
	return n
}

// units is how many of a size some bytes take, at least one.
func units(n, size int) float64 { return float64(max(1, (n+size-1)/size)) }

const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

func readUnits(bytes int, consistent bool) float64 {
	if consistent {
		return units(bytes, readUnit)
	}
	return units(bytes, readUnit) / 2
}

func (s *Service) getItem(ctx context.Context, in *request) (any, error) {
	t, err := s.find(in.TableName)
	if err != nil {
		return nil, err
	}
	k, err := in.Key.key("")
	if err != nil {
		return nil, err
	}
	items, err := t.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Item             attributes `json:",omitempty"`
		ConsumedCapacity capacity
	}
	size := 0
	if len(items) > 0 {
		answer.Item, size = itemAttributes(&items[0]), itemSize(&items[0])
	}
	answer.ConsumedCapacity = capacity{in.TableName, readUnits(size, in.ConsistentRead)}
	return answer, nil
}

// batchGetItem answers for as many keys as fit, and names the others.
func (s *Service) batchGetItem(ctx context.Context, in *request) (any, error) {
	responses, left := map[string][]attributes{}, map[string]keysAndAttributes{}
	var consumed []capacity
	size := 0
	for name, asked := range in.RequestItems {
		t, err := s.find(name)
		if err != nil {
			return nil, err
		}
		keys := make([]table.Key, len(asked.Keys))
		for i, a := range asked.Keys {
			if keys[i], err = a.key(""); err != nil {
				return nil, err
			}
		}
		items, err := t.Get(ctx, keys...)
		if err != nil {
			return nil, err
		}
		responses[name] = []attributes{}
		took := float64(len(keys)-len(items)) * readUnits(0, asked.ConsistentRead)
		for i := range items {
			n := itemSize(&items[i])
			if size > 0 && size+n > maxBatchAnswer {
				later := left[name]
				later.Keys, later.ConsistentRead = append(later.Keys, keyAttributes(items[i].Key)), asked.ConsistentRead
				left[name] = later
				continue
			}
			size, took = size+n, took+readUnits(n, asked.ConsistentRead)
			responses[name] = append(responses[name], itemAttributes(&items[i]))
		}
		consumed = append(consumed, capacity{name, took})
	}
	return map[string]any{"Responses": responses, "UnprocessedKeys": left, "ConsumedCapacity": consumed}, nil
}

func (s *Service) query(ctx context.Context, in *request) (any, error) {
	t, err := s.find(in.TableName)
	if err != nil {
		return nil, err
	}
	q, err := in.question()
	if err != nil {
		return nil, err
	}
	page, err := t.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	size := 0
	items := []attributes{}
	for i := range page.Items {
		size += itemSize(&page.Items[i])
		items = append(items, itemAttributes(&page.Items[i]))
		if size >= maxQueryAnswer && i+1 < len(page.Items) {
			page.Items, page.More = page.Items[:i+1], true
			break
		}
	}
	answer := map[string]any{"Items": items, "Count": len(items), "ScannedCount": len(items), "ConsumedCapacity": capacity{in.TableName, readUnits(size, in.ConsistentRead)}}
	if page.More {
		answer["LastEvaluatedKey"] = keyAttributes(page.Items[len(page.Items)-1].Key)
	}
	return answer, nil
}

// The ranges that package dynamo asks for, and the values of each.
var ranges = map[string][]string{
	"p = :p": {":p"}, "p = :p AND s >= :from": {":from", ":p"}, "p = :p AND s < :to": {":p", ":to"}, "p = :p AND s BETWEEN :from AND :to": {":from", ":p", ":to"},
}

// question is the query of a request.
func (in *request) question() (q table.Query, err error) {
	names, ok := ranges[in.KeyConditionExpression]
	if !ok || len(in.ExpressionAttributeValues) != len(names) || in.Limit < 0 {
		return q, invalid("an unknown query: " + in.KeyConditionExpression)
	}
	values := map[string]string{}
	for _, name := range names {
		if values[name], err = in.ExpressionAttributeValues.text(name); err != nil {
			return q, err
		}
	}
	q = table.Query{
		Partition: values[":p"], From: values[":from"], To: values[":to"], Limit: in.Limit,
		Reverse: in.ScanIndexForward != nil && !*in.ScanIndexForward, Eventual: !in.ConsistentRead,
	}
	if strings.Contains(in.KeyConditionExpression, "BETWEEN") {
		q.To += "\x00" // BETWEEN includes its end
	}
	if in.ExclusiveStartKey == nil {
		return q, nil
	}
	after, err := in.ExclusiveStartKey.key("")
	switch {
	case err != nil:
		return q, err
	case after.Partition != q.Partition:
		return q, invalid("the query goes on in another partition")
	case q.Reverse:
		q.To = after.Sort
	default:
		q.From = after.Sort + "\x00"
	}
	return q, nil
}

func (s *Service) putItem(ctx context.Context, in *request) (any, error) {
	return s.single(ctx, in, table.Put)
}

func (s *Service) deleteItem(ctx context.Context, in *request) (any, error) {
	return s.single(ctx, in, table.Delete)
}

// single is a write outside of transactions.
func (s *Service) single(ctx context.Context, in *request, kind table.Kind) (any, error) {
	t, err := s.find(in.TableName)
	if err != nil {
		return nil, err
	}
	op, err := in.op(kind)
	if err != nil {
		return nil, err
	}
	err = t.Write(ctx, op)
	var failed *table.ConditionError
	if errors.As(err, &failed) {
		e := refuse("ConditionalCheckFailedException", "The conditional request failed")
		if it := failed.Failed[0].Existing; it != nil {
			e.Item = itemAttributes(it)
		}
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"ConsumedCapacity": capacity{in.TableName, units(itemSize(&op.Item), writeUnit)}}, nil
}

// transactWriteItems writes to one table, all or nothing.
func (s *Service) transactWriteItems(ctx context.Context, in *request) (any, error) {
	var name string
	var ops []table.Op
	took := 0.0
	for i := range in.TransactItems {
		kind, w := table.Put, in.TransactItems[i].Put
		if w == nil {
			kind, w = table.Delete, in.TransactItems[i].Delete
		}
		if w == nil {
			kind, w = table.Check, in.TransactItems[i].ConditionCheck
		}
		if w == nil || i > 0 && w.TableName != name {
			return nil, invalid("a transaction of no write, or over two tables")
		}
		name = w.TableName
		op, err := w.op(kind)
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
		took += 2 * units(itemSize(&op.Item), writeUnit) // a transaction prepares and commits
	}
	t, err := s.find(name)
	if err != nil {
		return nil, err
	}
	err = t.Write(ctx, ops...)
	var failed *table.ConditionError
	if errors.As(err, &failed) {
		return nil, cancelled(len(ops), failed)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"ConsumedCapacity": []capacity{{name, took}}}, nil
}

// cancelled says of each write of a transaction whether it was its fault.
func cancelled(ops int, failed *table.ConditionError) *refusal {
	e := refuse("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons")
	e.Reasons = slices.Repeat([]reason{{Code: "None"}}, ops)
	for _, f := range failed.Failed {
		r := reason{Code: "ConditionalCheckFailed", Message: "The conditional request failed"}
		if f.Existing != nil {
			r.Item = itemAttributes(f.Existing)
		}
		e.Reasons[f.Op] = r
	}
	return e
}
