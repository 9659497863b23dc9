package dynamo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"docket/shared/table"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// client is what of the SDK's client is used.
type client interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Options are the seams of a Table. The zero value is for production.
type Options struct {
	Now    func() time.Time                                 // for expiry; nil is time.Now
	Sleep  func(ctx context.Context, d time.Duration) error // between tries; nil waits
	Jitter func() float64                                   // 0 to 1; nil is random
}

// Table is a table.Table on one DynamoDB table.
type Table struct {
	client client
	name   string
	now    func() time.Time
	sleep  func(ctx context.Context, d time.Duration) error
	jitter func() float64
	budget budget
}

// New makes a Table. The SDK's retries are switched off for it.
func New(cfg aws.Config, name string, o Options, optFns ...func(*dynamodb.Options)) *Table {
	optFns = append(optFns, func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.APIOptions = append(o.APIOptions, KeepConnection)
	})
	return newTable(dynamodb.NewFromConfig(cfg, optFns...), name, o)
}

func newTable(c client, name string, o Options) *Table {
	t := &Table{client: c, name: name, now: o.Now, sleep: o.Sleep, jitter: o.Jitter}
	if t.now == nil {
		t.now = time.Now
	}
	if t.sleep == nil {
		t.sleep = wait
	}
	if t.jitter == nil {
		t.jitter = rand.Float64
	}
	return t
}

// Get returns items; see table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if err := table.ValidateKeys(keys); err != nil {
		return nil, err
	}
	switch len(keys) {
	case 0:
		return nil, ctx.Err()
	case 1:
		return t.getOne(ctx, keys[0])
	}
	found := make(map[table.Key]table.Item, len(keys))
	if err := t.getMany(ctx, keys, found); err != nil {
		return nil, err
	}
	items := make([]table.Item, 0, len(found))
	for _, k := range keys {
		if it, ok := found[k]; ok {
			items = append(items, it)
		}
	}
	return items, nil
}

func (t *Table) getOne(ctx context.Context, k table.Key) ([]table.Item, error) {
	var out *dynamodb.GetItemOutput
	err := t.read(ctx, func(ctx context.Context) (err error) {
		out, err = t.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: &t.name, Key: keyAttributes(k), ConsistentRead: aws.Bool(true), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", k, err)
	}
	meterOf(ctx).read(out.ConsumedCapacity)
	if len(out.Item) == 0 {
		return nil, nil
	}
	it, err := newItem(out.Item)
	if err != nil || it.ExpiredAt(t.now()) {
		return nil, err
	}
	return []table.Item{it}, nil
}

// getMany asks until there are no unprocessed keys: a key that the service had
// no time for is not an item that does not exist.
func (t *Table) getMany(ctx context.Context, keys []table.Key, found map[table.Key]table.Item) error {
	ask := make([]map[string]types.AttributeValue, len(keys))
	for i, k := range keys {
		ask[i] = keyAttributes(k)
	}
	for try := 0; len(ask) > 0; try++ {
		if try > 0 {
			if err := t.pause(ctx, try, table.ErrBusy); err != nil {
				return fmt.Errorf("get %d unprocessed keys: %w", len(ask), err)
			}
		}
		var out *dynamodb.BatchGetItemOutput
		err := t.read(ctx, func(ctx context.Context) (err error) {
			out, err = t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
				RequestItems:           map[string]types.KeysAndAttributes{t.name: {Keys: ask, ConsistentRead: aws.Bool(true)}},
				ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
			})
			return err
		})
		if err != nil {
			return fmt.Errorf("get %d keys: %w", len(ask), err)
		}
		for i := range out.ConsumedCapacity {
			meterOf(ctx).read(&out.ConsumedCapacity[i])
		}
		for _, attributes := range out.Responses[t.name] {
			it, err := newItem(attributes)
			if err != nil {
				return err
			}
			if !it.ExpiredAt(t.now()) {
				found[it.Key] = it
			}
		}
		if left := out.UnprocessedKeys[t.name].Keys; len(left) < len(ask) {
			try = 0 // it goes forward
			ask = left
		}
	}
	return nil
}

// Query returns a page; see table.Table. A page of DynamoDB's may hold nothing
// but expired items; then the next one is read, until there is an item or the
// range ends.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := q.Validate(); err != nil {
		return table.Page{}, err
	}
	if q.To != "" && q.From >= q.To {
		return table.Page{}, ctx.Err()
	}
	input := t.queryInput(q)
	var page table.Page
	size := 0
	for {
		var out *dynamodb.QueryOutput
		err := t.read(ctx, func(ctx context.Context) (err error) {
			out, err = t.client.Query(ctx, input)
			return err
		})
		if err != nil {
			return table.Page{}, fmt.Errorf("query %q from %q: %w", q.Partition, q.From, err)
		}
		meterOf(ctx).read(out.ConsumedCapacity)
		for i, attributes := range out.Items {
			it, err := newItem(attributes)
			if err != nil {
				return table.Page{}, err
			}
			if it.ExpiredAt(t.now()) {
				continue
			}
			page.Items = append(page.Items, it)
			size += it.Size()
			if size >= table.MaxPage || len(page.Items) == q.Limit {
				page.More = i+1 < len(out.Items) || len(out.LastEvaluatedKey) > 0
				return page, nil
			}
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
		if len(out.LastEvaluatedKey) == 0 {
			return page, nil
		}
	}
}

func (t *Table) queryInput(q table.Query) *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName:                 &t.name,
		ConsistentRead:            aws.Bool(!q.Eventual),
		ScanIndexForward:          aws.Bool(!q.Reverse),
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": binary(q.Partition)},
	}
	condition := "p = :p"
	switch {
	case q.From != "" && q.To != "":
		condition += " AND s BETWEEN :from AND :to"
	case q.From != "":
		condition += " AND s >= :from"
	case q.To != "":
		condition += " AND s < :to"
	}
	if q.From != "" {
		in.ExpressionAttributeValues[":from"] = binary(q.From)
	}
	switch {
	case q.To != "" && q.From != "":
		in.ExpressionAttributeValues[":to"] = binary(before(q.To))
	case q.To != "":
		in.ExpressionAttributeValues[":to"] = binary(q.To)
	}
	in.KeyConditionExpression = &condition
	if q.Limit > 0 {
		in.Limit = aws.Int32(int32(min(q.Limit, 1<<20)))
	}
	return in
}

// before is the last sort key in front of to. BETWEEN includes its end, and an
// item that is read only to be dropped is billed all the same.
func before(to string) string {
	head, last := to[:len(to)-1], to[len(to)-1]
	if last == 0 {
		return head
	}
	head += string([]byte{last - 1})
	return head + strings.Repeat("\xff", max(0, table.MaxSort-len(head)))
}

var _ table.Table = (*Table)(nil)
