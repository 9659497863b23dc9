// Package sqs is Amazon SQS on one machine, as far as standard queues go and a
// rehearsal needs them: sending, receiving with a visibility timeout, long
// polling, redelivery, dead letters after maxReceiveCount, retention, limits and
// the errors for what is beyond them. Service speaks the JSON protocol, so that
// the clients of the AWS SDK and its command line work unchanged against it;
// signatures are not checked. Nothing survives the process.
//
// # A message
//
// It is in one of three states. Ready: the next Receive may hand it out. In
// flight: it was handed out, and becomes ready again when its visibility timeout
// ends, unless it is deleted with the receipt of that delivery. Dead: at a Receive
// that would hand it out for the (maxReceiveCount+1)th time it is moved to the
// dead-letter queue instead, with its ID, its attributes and the time of its first
// sending, from which the retention of that queue is counted.
//
// SQS delivers at least once and in any order. This one keeps the order of sending
// as well as it can and repeats nothing by itself; Config.Repeat makes it deliver
// a share of messages again although they were deleted, as SQS does when one of its
// servers was away.
//
// Sources: Amazon SQS developer guide ("Visibility timeout", "Dead-letter queues",
// "Message metadata", "Short and long polling", "Quotas"), API reference.
package sqs
