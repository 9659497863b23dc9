// Package sample holds a few thousand real activity records, compiled in, for
// the demonstration server and for tests that want data as the world makes it.
//
// The records were made from Windows events that others recorded and published;
// README.md names the source and how these were chosen, LICENSE is the licence
// they are under. They are given as answers of the API have them: the data
// source and the item's type are part of the record, and plans are named but
// have no ID, since IDs belong to the database that holds the plans.
package sample
