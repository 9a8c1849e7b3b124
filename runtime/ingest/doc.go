// Package ingest imports files: CSV and NDJSON, as a source of the rule set maps them, into a store.
//
// [Run] is the whole of it. A file is opened, unpacked (gzip, Zstandard) and made UTF-8; cut into chunks of whole rows;
// each chunk is mapped by one of several goroutines into encoded rows and normalised ids, or reasons why a row cannot be
// taken; and one goroutine, in the order of the file, finds or creates the member of each row and stages it in the
// store's bulk import. Nothing takes effect before all files are through: an import that is broken off leaves the store
// as it was and is simply run again. What has been taken is recorded by a fingerprint of its content, and a file with the
// same content is not taken again unless it is asked for.
//
// A row that cannot be taken is never dropped silently and never stops the import by itself: it goes to the rejects file
// with its line, its column and the reason.
//
// How cells are read:
//   - An empty cell, "" and an absent key are nothing: an event's field is unknown, a member's attribute stays as it is.
//     JSON null clears an attribute.
//   - string is kept as it stands; everything else is trimmed of white space first.
//   - int and money are exact: an optional sign, digits, an optional point and decimals. Decimals beyond what the type
//     holds must be zeros (5.0 is an int). There are no thousands separators and no currency signs. In JSON an exponent
//     is read exactly too.
//   - number is a decimal with an optional exponent; NaN and infinities are refused.
//   - bool is true, false, yes, no, 1 or 0, in any case.
//   - date is 2006-01-02, time RFC 3339 or a local 2006-01-02 15:04 (seconds, decimals and T for the space allowed), in
//     the rule set's timezone; or as format says. Decimals of a second beyond microseconds are cut off.
//   - A set is split at the separator of the mapping, its parts trimmed and empty ones left out, or is a JSON list.
//   - map replaces a cell's text, or each part of a set, before it is read; a text that it lacks is read as it is.
//
// How members are found: every id of a row is normalised and looked up; if none is known the row makes a new member, if
// they know one member the new ids become his. A row whose ids belong to two members, or that would give a member a
// second value of an id that he has one of, is rejected. The hashed form of an id is the lower- or upper-case hex digest
// of the salt followed by the id as it is stored (a phone number also by its national digits); it finds a member that the
// store knows and never makes one.
package ingest
