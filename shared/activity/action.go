package activity

import "fmt"

// Action is what was done: one of the closed list of the contract, section 3.
// The numbers are stored in segments and never change.
type Action uint8

// The actions. NoAction is the zero value and never stored.
const (
	NoAction Action = iota
	Added
	Removed
	Modified
	Read
	Moved
	Renamed
	CheckedIn
	CheckedOut
	DiscardCheckOut
	SuccessfulLogon
	FailedLogon
	Logoff
	Copied
	Sent
	SessionStart
	SessionEnd
	Activated
	AddFailed
	RemoveFailed
	ModifyFailed
	ReadFailed
	MoveFailed
	RenameFailed
	numActions
)

var actionNames = [numActions]string{
	Added:           "Added",
	Removed:         "Removed",
	Modified:        "Modified",
	Read:            "Read",
	Moved:           "Moved",
	Renamed:         "Renamed",
	CheckedIn:       "Checked in",
	CheckedOut:      "Checked out",
	DiscardCheckOut: "Discard check out",
	SuccessfulLogon: "Successful Logon",
	FailedLogon:     "Failed Logon",
	Logoff:          "Logoff",
	Copied:          "Copied",
	Sent:            "Sent",
	SessionStart:    "Session start",
	SessionEnd:      "Session end",
	Activated:       "Activated",
	AddFailed:       "Add (Failed Attempt)",
	RemoveFailed:    "Remove (Failed Attempt)",
	ModifyFailed:    "Modify (Failed Attempt)",
	ReadFailed:      "Read (Failed Attempt)",
	MoveFailed:      "Move (Failed Attempt)",
	RenameFailed:    "Rename (Failed Attempt)",
}

var actionByName = func() map[string]Action {
	m := make(map[string]Action, numActions)
	for a := Added; a < numActions; a++ {
		m[actionNames[a]] = a
	}
	return m
}()

// ParseAction finds an action by its exact name. The empty or an unknown name
// gives NoAction and false.
func ParseAction(name string) (Action, bool) {
	a, ok := actionByName[name]
	return a, ok
}

// Valid says whether a is one of the list.
func (a Action) Valid() bool { return a > NoAction && a < numActions }

func (a Action) String() string {
	if !a.Valid() {
		return fmt.Sprintf("Action(%d)", uint8(a))
	}
	return actionNames[a]
}

// Actions returns the whole list in stored order.
func Actions() []Action {
	list := make([]Action, 0, numActions-1)
	for a := Added; a < numActions; a++ {
		list = append(list, a)
	}
	return list
}
