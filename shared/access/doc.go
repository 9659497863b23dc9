// Package access is the directory of an installation: accounts and how they
// sign in, groups, roles, folders of monitoring plans, and plans. It answers
// what somebody may do (contract, section 7) and keeps who changed what.
//
// # Reading
//
// A Directory hands out Snapshots: immutable views of one version. Each call of
// Snapshot reads one small item strongly, the head, and reads more only when the
// version has moved, so a change of an account or a role holds from the next
// request on. Rights and group memberships are worked out once per version and
// account.
//
// # Storage
//
// The directory is a sorted list of entries (an account, a part of a group, a
// role assignment, ...) cut into leaves of about 64 KiB. A leaf, once written,
// never changes; an index names the leaves of a version; the head names the
// index:
//
//	root/head           version, token          one small item, the only one ever replaced
//	content/T.index     [{from, leaf}, ...]     T: the random token of the edit that wrote it
//	content/T.0000      [entry, ...]            a leaf, JSON
//	log/VERSION.0000    who, when, changes      part of the change log
//
// An edit rewrites the leaves it touches under its own token and replaces the
// head, with the head's version as the condition: head, index, leaves and log
// entry in one transaction. An edit too large for a transaction writes its
// leaves first, where nobody looks for them, and then the rest: to readers an
// edit of 10,000 accounts is as atomic as one of a single password, and that one
// costs six small writes in a directory of any size. What an edit replaces is
// removed with it; a reader that meets the hole begins again at the new head.
// Leaves of edits that died half way are swept by a later large edit.
//
// # Editing
//
// Editor.Update runs a function on a Draft, checks the draft as a whole and
// commits it, again from the start when another edit came first. A lost answer
// of the storage is settled by the token, so that an edit is neither lost nor
// done twice. Every edit leaves an entry in the change log, in the same
// transaction and without secrets.
//
// # Names
//
// An account or group is DOMAIN\name, name@domain or name. Names are compared by
// Unicode simple case folding and by nothing else: no normal form, no look-alike
// is ever taken for another. DOMAIN\name and name@domain are the same name.
//
// Members of groups are names and need not be accounts that can sign in: the
// groups of the InGroup filter are about the people in the records.
package access
