package dynamo

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Meter adds up what the calls under one context consumed, in the numbers that
// DynamoDB itself returns and bills.
type Meter struct {
	mu sync.Mutex
	c  Consumed
}

// Consumed is read and write units, and the number of calls that succeeded.
type Consumed struct {
	Reads, Writes float64
	Calls         int
}

type meterKey struct{}

// WithMeter returns a context whose calls are counted in the Meter.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{}
	return context.WithValue(ctx, meterKey{}, m), m
}

// Consumed returns the sums so far.
func (m *Meter) Consumed() Consumed {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.c
}

// meterOf is the context's meter, or nil, which counts nothing.
func meterOf(ctx context.Context) *Meter {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}

func (m *Meter) read(c *types.ConsumedCapacity) {
	m.add(c, func(t *Consumed) *float64 { return &t.Reads })
}
func (m *Meter) write(c *types.ConsumedCapacity) {
	m.add(c, func(t *Consumed) *float64 { return &t.Writes })
}

func (m *Meter) add(c *types.ConsumedCapacity, sum func(*Consumed) *float64) {
	if m == nil || c == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	*sum(&m.c) += aws.ToFloat64(c.CapacityUnits)
	m.c.Calls++
}
