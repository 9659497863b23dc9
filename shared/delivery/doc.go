// Package delivery takes messages of queues and brings what they hold, or point to,
// into the ledger: each record once, however often, in whatever order and with
// whatever others a message comes.
//
// # Queues
//
// What a message is depends on its queue alone, never on its content: who may send
// records must not be able to forge notifications of S3 or events of AWS.
//
//	Records  the body is records of the API, in any form that a file may have
//	Files    the body is EventBridge's "Object Created" of S3; the object is a file
//	Events   the body is an event of EventBridge: of CloudTrail, or with records
//
// # Identity
//
// A text of package ingest is named by the message's ID, or the attribute Identity
// that stands for it; by bucket, key and version, or ETag where a bucket keeps no
// versions; by CloudTrail's eventID; by the event's id. It is remembered for KeyLife,
// twice as long as a queue keeps a message.
//
// # How a message ends
//
// In exactly one of three ways, whatever it holds:
//
//   - It is done: all its records are stored, now or before.
//   - It is refused, or some of its records are, and trying again would not help:
//     it goes to the dead-letter queue of its queue as it is, with the reason as an
//     attribute, and is done. The good records of the same message are stored.
//   - It is left to the queue, which delivers it alone once more after its visibility
//     timeout: the ledger, the object or the dead-letter queue could not be reached.
//     On the last try it goes to the dead-letter queue with the reason too. What
//     cannot even be sent there is moved by the queue itself, without a reason.
//
// A message is only done after its records can be read and its letter was taken. In
// between everything may end at any moment: then it comes again.
//
// A file that takes longer than an invocation is continued: the message is sent to
// its own queue again with the attribute Progress, and is done. So a continuation
// counts its tries anew, nothing is kept beside the queue, and two of the same (sent,
// but the first not deleted) store nothing twice.
//
// A file's letter is for the part that was read in one invocation: its Progress has
// the end of that part, so that redriving it does not read on behind it.
package delivery
