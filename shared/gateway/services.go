package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"docket/shared/gateway/bus"
	"docket/shared/gateway/objects"
	"docket/shared/gateway/sqs"
)

// ServicesConfig says how the twins of AWS's services are to be.
type ServicesConfig struct {
	Assembly string
	// Base is the URL under which they can be reached, without a slash at its end.
	Base string
	// Physical has the names of what others provide: tables, secrets.
	Physical map[string]string
	// Handlers are further services, by how the header X-Amz-Target begins.
	Handlers map[string]http.Handler
	// Visibility is that of all queues, instead of the template's, unless it is 0.
	Visibility time.Duration
	Repeat     float64 // see sqs.Config
	Rand       io.Reader
	Log        *slog.Logger
}

// Services are the twins of what a deployment uses beside its functions: the
// queues, buckets and rules of its templates. As an http.Handler they are all of
// them under one address, each request told by its form, so that AWS_ENDPOINT_URL
// is all that a client needs.
type Services struct {
	ServicesConfig
	Queues   *sqs.Service
	Bus      *bus.Bus
	Objects  *objects.Store
	assembly *assembly
	physical map[string]string
	buckets  []string
}

// NewServices makes what the templates of an assembly say.
func NewServices(c ServicesConfig) (*Services, error) {
	a, err := readAssembly(c.Assembly)
	if err != nil {
		return nil, err
	}
	s := &Services{ServicesConfig: c, assembly: a, physical: map[string]string{}}
	maps.Copy(s.physical, c.Physical)
	s.Queues = sqs.New(sqs.Config{Base: c.Base, Rand: c.Rand, Repeat: c.Repeat})
	if err := s.addQueues(); err != nil {
		return nil, err
	}
	for id := range a.of("AWS::S3::Bucket") {
		name := strings.ToLower(id)
		s.physical[id], s.physical[id+".Arn"] = name, "arn:aws:s3:::"+name
		s.buckets = append(s.buckets, name)
	}
	rules, err := s.rules()
	if err != nil {
		return nil, err
	}
	s.Bus = bus.New(bus.Config{Account: localAccount, Region: localRegion, Rules: rules, Rand: c.Rand})
	s.Objects, err = objects.New(objects.Config{
		Account: localAccount, Region: localRegion, Buckets: s.buckets, Rand: c.Rand,
		Created: func(event []byte) error {
			_, err := s.Bus.Put(event)
			return err
		},
	})
	return s, err
}

// Close removes what the buckets hold.
func (s *Services) Close() error { return s.Objects.Close() }

// Physical has the names of all that the templates refer to.
func (s *Services) Physical() map[string]string { return maps.Clone(s.physical) }

// Output is what an output of a stack says, such as the name of a bucket or the URL of
// a queue, empty if there is none.
func (s *Services) Output(output string) string {
	for _, t := range s.assembly.templates {
		if o, ok := t.Outputs[output]; ok {
			name, err := s.assembly.resolve(o.Value, s.physical)
			if err == nil {
				return name
			}
		}
	}
	return ""
}

// addQueues makes the queues: those for dead letters first, because the others
// name them.
func (s *Services) addQueues() error {
	queues := s.assembly.of("AWS::SQS::Queue")
	made := map[string]*sqs.Queue{}
	var add func(id string) error
	add = func(id string) error {
		r, ok := queues[id]
		if !ok || made[id] != nil {
			return nil
		}
		p := r.Properties
		settings := sqs.Settings{Name: id, Visibility: duration(p["VisibilityTimeout"]), Retention: duration(p["MessageRetentionPeriod"])}
		if n, ok := p["MaximumMessageSize"].(float64); ok {
			settings.MaxBytes = int(n)
		}
		if s.Visibility > 0 {
			settings.Visibility = s.Visibility
		}
		if most, ok := at(p, "RedrivePolicy", "maxReceiveCount").(float64); ok {
			dead := s.assembly.target(at(p, "RedrivePolicy", "deadLetterTargetArn"))
			if err := add(dead); err != nil {
				return err
			}
			if made[dead] == nil {
				return fmt.Errorf("%w: queue %s has no dead-letter queue %q", ErrTemplate, id, dead)
			}
			settings.Dead, settings.MaxReceives = made[dead], int(most)
		}
		q := s.Queues.Create(settings)
		made[id], s.physical[id], s.physical[id+".Arn"], s.physical[id+".QueueName"] = q, q.URL(), q.ARN(), q.Name
		return nil
	}
	for id := range queues {
		if err := add(id); err != nil {
			return err
		}
	}
	return nil
}

func duration(v any) time.Duration {
	n, _ := v.(float64)
	return time.Duration(n) * time.Second
}

// rules are those with patterns; schedules are the gateway's.
func (s *Services) rules() ([]bus.Rule, error) {
	var rules []bus.Rule
	for id, r := range s.assembly.of("AWS::Events::Rule") {
		if r.Properties["EventPattern"] == nil {
			continue
		}
		v, err := s.assembly.resolved(r.Properties["EventPattern"], s.physical)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", id, err)
		}
		tree, _ := v.(map[string]any)
		p, err := bus.Compile(tree)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", id, err)
		}
		state := text(r.Properties["State"])
		if state == "DISABLED" {
			continue
		}
		for _, target := range listOf(r.Properties["Targets"]) {
			q, ok := s.Queues.Queue(s.assembly.target(at(target, "Arn")))
			if !ok {
				return nil, fmt.Errorf("%w: rule %s has a target that is no queue", ErrTemplate, id)
			}
			rules = append(rules, bus.Rule{Name: id, Pattern: p, ManagementReads: state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", Target: func(event []byte) error {
				_, err := q.Send(string(event), nil, 0)
				return err
			}})
		}
	}
	return rules, nil
}

// EventsPath takes events as AWS's own services put them on the bus, one a request.
const EventsPath = "/aws-events"

// ServeHTTP finds the service that a request is for.
func (s *Services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	for prefix, h := range s.Handlers {
		if strings.HasPrefix(target, prefix) {
			h.ServeHTTP(w, r)
			return
		}
	}
	switch {
	case strings.HasPrefix(target, sqs.Target):
		s.Queues.ServeHTTP(w, r)
	case strings.HasPrefix(target, "AWSEvents."):
		s.Bus.ServeHTTP(w, r)
	case r.Method == http.MethodPost && r.URL.Path == EventsPath:
		s.putEvent(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/":
		s.describeStacks(w, r)
	default:
		s.Objects.ServeHTTP(w, r)
	}
}

func (s *Services) putEvent(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(io.LimitReader(r.Body, sqs.MaxBytes+1))
	if err != nil {
		return // the client is gone
	}
	n, err := s.Bus.Put(event)
	switch {
	case errors.Is(err, bus.ErrEvent):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		_ = json.NewEncoder(w).Encode(map[string]int{"rules": n}) // the client is gone
	}
}
