// Package wire is the only place that knows what the API's bodies look like: it
// reads records, search parameters, continuation marks, pages and errors from
// XML and JSON, and writes them (contract, sections 2, 3, 5, 6 and 8).
//
// # Reading
//
// The readers are scanners written for these documents alone, because the
// parsers of the standard library are not strict: encoding/json accepts repeated
// keys and lone surrogates, encoding/xml second roots, repeated attributes and
// undeclared prefixes. They make one pass, never look back further than a token,
// nest at most maxDepth deep, and take time and memory in proportion to the
// body. Text that needs no unescaping is not copied: the strings of a result
// point into the body, which must not be modified while they live.
//
// A body that is not JSON, or not XML, or not of the XML schema, is a JSONError
// or an XMLError. What is well-formed and wrong is an InputError, one for each
// problem, up to maxErrors. After a syntax error nothing else is reported: what
// was read up to there may mean something else. All failures of a reader are
// *Invalid.
//
// # JSON
//
// RFC 8259 in UTF-8, with or without a byte order mark (Windows tools write
// one). Property names are compared without case in ASCII; two that differ only
// in case are the same name twice. Null counts as absent.
//
// # XML
//
// XML 1.0 with namespaces, in UTF-8, UTF-16, or a declared 8-bit encoding. There
// is no DTD and there are no entities but the five. Names are exact. All elements
// are in the namespace of the root, which is the API's, or none, or the API's as
// older editions of the original's documentation print it, without the colon of
// "http:" (scripts copied it). Elements of a record come in any order, as they do
// in that documentation. Attributes other than declarations of namespaces, schema
// locations and Operator are refused.
//
// White space around a mark, a time and a filter's value does not count, unless
// it is written as a character reference or in a CDATA section: the documentation
// prints filters over several lines. All other text is exact.
//
// # Writing
//
// The writers append to a buffer. JSON is exact for every Unicode scalar value.
// XML replaces what XML 1.0 cannot carry by U+FFFD. Elements stand in the order
// in which the documentation prints them.
package wire
