package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"docket/shared/table"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Write applies ops; see table.Table. A single put or delete costs half of a
// transaction.
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := table.Validate(ops); err != nil {
		return err
	}
	err := t.again(ctx, func(err error) bool { return errors.Is(err, table.ErrBusy) }, func(ctx context.Context) error {
		switch {
		case len(ops) == 1 && ops[0].Kind == table.Put:
			return t.put(ctx, &ops[0])
		case len(ops) == 1 && ops[0].Kind == table.Delete:
			return t.delete(ctx, &ops[0])
		}
		return t.transact(ctx, ops)
	})
	if err != nil {
		return fmt.Errorf("write %d item(s), the first %s: %w", len(ops), ops[0].Item.Key, err)
	}
	return nil
}

func (t *Table) put(ctx context.Context, op *table.Op) error {
	c := t.condition(op)
	out, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: itemAttributes(&op.Item),
		ConditionExpression: c.text, ExpressionAttributeValues: c.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ReturnConsumedCapacity:              types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return t.singleError(err)
	}
	meterOf(ctx).write(out.ConsumedCapacity)
	return nil
}

func (t *Table) delete(ctx context.Context, op *table.Op) error {
	c := t.condition(op)
	out, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &t.name, Key: keyAttributes(op.Item.Key),
		ConditionExpression: c.text, ExpressionAttributeValues: c.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ReturnConsumedCapacity:              types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return t.singleError(err)
	}
	meterOf(ctx).write(out.ConsumedCapacity)
	return nil
}

func (t *Table) transact(ctx context.Context, ops []table.Op) error {
	in := &dynamodb.TransactWriteItemsInput{ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
	for i := range ops {
		in.TransactItems = append(in.TransactItems, t.transactItem(&ops[i]))
	}
	out, err := t.client.TransactWriteItems(ctx, in)
	if err != nil {
		return t.transactError(err)
	}
	for i := range out.ConsumedCapacity {
		meterOf(ctx).write(&out.ConsumedCapacity[i])
	}
	return nil
}

func (t *Table) transactItem(op *table.Op) types.TransactWriteItem {
	c := t.condition(op)
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	switch op.Kind {
	case table.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.name, Key: keyAttributes(op.Item.Key),
			ConditionExpression: c.text, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: old,
		}}
	case table.Check:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &t.name, Key: keyAttributes(op.Item.Key),
			ConditionExpression: c.text, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: old,
		}}
	default:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &t.name, Item: itemAttributes(&op.Item),
			ConditionExpression: c.text, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: old,
		}}
	}
}

// condition is an Op's condition as an expression; nil for none.
type condition struct {
	text   *string
	values map[string]types.AttributeValue
}

// condition counts an expired item as absent.
func (t *Table) condition(op *table.Op) condition {
	now := map[string]types.AttributeValue{":now": number(t.now().Unix())}
	const alive = "attribute_exists(p) AND (attribute_not_exists(x) OR x > :now)"
	switch op.If {
	case table.Absent:
		return condition{aws.String("attribute_not_exists(p) OR x <= :now"), now}
	case table.Present:
		return condition{aws.String(alive), now}
	case table.VersionIs:
		if op.IfVersion == 0 {
			return condition{aws.String(alive + " AND attribute_not_exists(n)"), now}
		}
		now[":n"] = unsigned(op.IfVersion)
		return condition{aws.String(alive + " AND n = :n"), now}
	}
	return condition{}
}

// failed is the report of one op, with what is there now.
func failed(op int, attributes map[string]types.AttributeValue, now time.Time) (table.Failed, error) {
	f := table.Failed{Op: op}
	if len(attributes) == 0 {
		return f, nil
	}
	it, err := newItem(attributes)
	if err == nil && !it.ExpiredAt(now) {
		f.Existing = &it
	}
	return f, err
}
