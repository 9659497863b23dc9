package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// schedule is a rule that invokes a function at a rate.
type schedule struct {
	id       string
	function string
	every    time.Duration
}

var rate = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)s?\)$`)

// schedules reads the rules that have one. Only rates are known.
func (a *assembly) schedules() ([]schedule, error) {
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	var all []schedule
	for id, r := range a.of("AWS::Events::Rule") {
		expression := text(r.Properties["ScheduleExpression"])
		if expression == "" {
			continue
		}
		m := rate.FindStringSubmatch(expression)
		if m == nil {
			return nil, fmt.Errorf("%w: rule %s has the schedule %q, and only rates are known", ErrTemplate, id, expression)
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%w: rule %s has the schedule %q", ErrTemplate, id, expression)
		}
		for _, target := range listOf(r.Properties["Targets"]) {
			function := a.of("AWS::Lambda::Function")[a.target(at(target, "Arn"))].construct()
			if function == "" {
				return nil, fmt.Errorf("%w: the schedule %s is of no function", ErrTemplate, id)
			}
			all = append(all, schedule{id, function, time.Duration(n) * units[m[2]]})
		}
	}
	return all, nil
}

// tick invokes a function at its rate until the context ends. An invocation that
// is not over when the next is due lets that one pass.
func (g *Gateway) tick(ctx context.Context, s schedule) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			event, err := json.Marshal(map[string]any{
				"version": "0", "id": s.id, "detail-type": "Scheduled Event", "source": "aws.events", "account": localAccount, "region": localRegion,
				"time": now.UTC().Format(time.RFC3339), "resources": []string{"arn:aws:events:" + localRegion + ":" + localAccount + ":rule/" + s.id}, "detail": map[string]any{},
			})
			if err == nil {
				_, err = g.Invoke(context.WithoutCancel(ctx), s.function, event)
			}
			if err != nil {
				g.Log.Error("schedule", "function", s.function, "error", err)
			}
		}
	}
}

// Run takes messages of queues to functions and invokes those that have a
// schedule, until the context ends and the last of them has answered. It needs
// Config.Services.
func (g *Gateway) Run(ctx context.Context) {
	done := make(chan struct{})
	for _, m := range g.sources {
		go func() { g.poll(ctx, m); done <- struct{}{} }()
	}
	for _, s := range g.schedules {
		go func() { g.tick(ctx, s); done <- struct{}{} }()
	}
	for range len(g.sources) + len(g.schedules) {
		<-done
	}
}
