// Package filter is the query language of search (contract, sections 5 and 8):
// fifteen fields, nine operators, and what they mean.
//
// Compile checks a list of entries and turns it into a Program: one condition
// per field, each with its positive words, of which one must hold, and its
// negative words, none of which may hold without its negation. A Program has two
// evaluators. Match looks at one decoded record and is written to be obviously
// right; it is the oracle of the tests. Select looks at a whole segment, column
// by column: it folds a column's dictionary once, makes one pass over it per
// word, and touches the column's ids only if some dictionary value hit. The two
// agree on every record, which a property test asserts.
//
// # Text
//
// Text is compared without case by Unicode simple folding: two code points are
// the same if they are in one orbit of unicode.SimpleFold, so K, k and U+212A
// (Kelvin) are one letter, as are s and U+017F, while U+0130 (capital I with a
// dot), whose folding is not simple, is only itself. Lengths of folded text may
// differ from the original's in bytes, never in code points.
//
// An absent field is the empty text. Item is compared as "Name (Type)", a plan
// by its name. Before, After and Detail hold if any detail holds, so on a record
// without details every positive word fails and every negative one holds.
//
// Each word of the language has a file of its own.
package filter
