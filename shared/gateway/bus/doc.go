// Package bus is Amazon EventBridge's default bus on one machine, as far as a
// rehearsal needs it: rules with event patterns, targets, and the action PutEvents
// for custom events. Events of AWS's own services, which PutEvents refuses, are
// handed to Put.
//
// Patterns have fields nested as events have them, and lists of what a field may
// be: a value (text, number, true, false, null), or an object with prefix, suffix,
// equals-ignore-case, wildcard, anything-but, numeric or exists; $or takes a list
// of patterns. A field that is a list matches if any of its values does. Content
// filters that are not in this list (cidr) are an error of Compile: a rule that is
// not understood must not seem to match nothing.
//
// Sources: Amazon EventBridge user guide ("Event patterns", "Content filtering",
// "AWS service event delivered via CloudTrail"), API reference (PutEvents).
package bus
