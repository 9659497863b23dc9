// Package recordfile reads and writes files of activity records.
//
// # Reading
//
// Open tells by the first bytes what a file is: gzip or not; UTF-8, or UTF-16
// with a byte order mark; XML by its first '<', else JSON. XML in another encoding
// says so in its declaration. The forms of JSON are a record a line (NDJSON), one
// array, the object that the API answers with, and any of these one after the
// other, as when answers are put into one file.
//
// A Reader cuts the file into records without decoding them. What a record must
// look like is the server's to judge, once; here it is passed on as it stands, at
// the speed of a search for its end. Begin, Join and End make a request of them. This
// is sound because a cut is never wrong in a document that the server accepts: a
// record begins with its own bracket and ends where as many were closed as opened
// outside of strings, which in a well-formed document is its own end.
//
// Memory is bounded by MaxRecord whatever the size of the file. A damaged line of
// NDJSON, or a value in a list that is no object, costs itself alone (*BadRecord);
// other damage ends the file.
//
// # Writing
//
// A Writer makes NDJSON, JSON, XML or CSV from records. The first three hold
// everything the API answers and can be read again. CSV is for people: in it
// details are one cell of JSON, and a cell that a spreadsheet would take for a
// formula – it begins with = + - @, a tab or a carriage return – has an apostrophe
// before it.
package recordfile
