package dynamo

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/table"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// throttled are the codes of errors that say that nothing was done and that a
// later try may succeed.
var throttled = map[string]bool{
	"ProvisionedThroughputExceededException": true,
	"ThrottlingException":                    true,
	"RequestLimitExceeded":                   true,
	"TransactionConflictException":           true,
	"TransactionConflict":                    true, // the same, as a reason of a cancelled transaction
	"ThrottlingError":                        true,
	"ProvisionedThroughputExceeded":          true,
}

// translate maps an error of the SDK to the kinds of package table. What is not
// known to have done nothing is ErrUnavailable.
func translate(err error) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
	case !errors.As(err, &api):
		return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
	case throttled[api.ErrorCode()]:
		return fmt.Errorf("%w: %w", table.ErrBusy, err)
	case api.ErrorCode() == "ValidationException":
		return fmt.Errorf("%w: %w", table.ErrInvalid, err)
	}
	return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
}

// singleError translates the error of a put or a delete.
func (t *Table) singleError(err error) error {
	var condition *types.ConditionalCheckFailedException
	if !errors.As(err, &condition) {
		return translate(err)
	}
	f, err := failed(0, condition.Item, t.now())
	if err != nil {
		return err
	}
	return &table.ConditionError{Failed: []table.Failed{f}}
}

// transactError translates the error of a transaction. A conflict with another
// transaction is not a failed condition: those of the other ops were perhaps not
// even looked at, so it wins.
func (t *Table) transactError(err error) error {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return translate(err)
	}
	var list []table.Failed
	var busy, other bool
	for i, reason := range cancelled.CancellationReasons {
		switch code := aws.ToString(reason.Code); {
		case code == "" || code == "None":
		case code == "ConditionalCheckFailed":
			f, err := failed(i, reason.Item, t.now())
			if err != nil {
				return err
			}
			list = append(list, f)
		case throttled[code]:
			busy = true
		default:
			other = true
		}
	}
	switch {
	case other:
		return fmt.Errorf("%w: %w", table.ErrInvalid, err)
	case busy || len(list) == 0:
		return fmt.Errorf("%w: %w", table.ErrBusy, err)
	}
	return &table.ConditionError{Failed: list}
}
