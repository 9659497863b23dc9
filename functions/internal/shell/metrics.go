package shell

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"docket/shared/environment"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Metrics writes metrics in CloudWatch's embedded metric format: a JSON line in
// the log that becomes data points, without a call to any service.
type Metrics struct {
	out io.Writer
	now func() time.Time
}

// NewMetrics writes to a function's standard output.
func NewMetrics(out io.Writer, now func() time.Time) *Metrics { return &Metrics{out, now} }

// Consumed reports the read and write units of one request.
func (m *Metrics) Consumed(ctx context.Context, c dynamo.Consumed) {
	m.put(ctx, map[string]float64{environment.ReadUnits: c.Reads, environment.WriteUnits: c.Writes, environment.TableCalls: float64(c.Calls)})
}

// Count reports one occurrence.
func (m *Metrics) Count(ctx context.Context, name string) {
	m.put(ctx, map[string]float64{name: 1})
}

// Values reports several metrics of one invocation.
func (m *Metrics) Values(ctx context.Context, values map[string]float64) { m.put(ctx, values) }

func (m *Metrics) put(ctx context.Context, values map[string]float64) {
	var defined []map[string]string
	line := map[string]any{"function": lambdacontext.FunctionName}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		line["request"] = lc.AwsRequestID
	}
	for name, v := range values {
		defined = append(defined, map[string]string{"Name": name})
		line[name] = v
	}
	line["_aws"] = map[string]any{
		"Timestamp": m.now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": environment.Namespace, "Dimensions": [][]string{{}, {"function"}}, "Metrics": defined,
		}},
	}
	if b, err := json.Marshal(line); err == nil { // numbers and texts always are JSON
		fmt.Fprintf(m.out, "%s\n", b)
	}
}
