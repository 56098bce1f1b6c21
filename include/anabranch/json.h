// JSON (RFC 8259) out of keys and into keys.
//
//   put_json(store, "user/7", R"({"name": "Ada", "tags": ["math"], "visits": 41})");
//   Map{store, "user/7"}.at<Counter>("visits").add(1);
//   to_json(store, "user/7");       // {"name":"Ada","tags":["math"],"visits":42}
//
// The type at a key decides the form, in both directions; a new key gets the first type of its
// form:
//
//   object               map
//   array                list; sets of both kinds, in the order of bytes; a sorted set, as pairs
//                        [member, score] in its order; a list of containers (only read)
//   string               string (register.h), text
//   number, true, false  string; true and false also flags
//   null                 absent
//
// A string has no type of its own for numbers. Its bytes are shown as a number if they are those
// that a handle writes for an integer of 64 bits or a finite double (codec.h), as true or false if
// they are these words, else as a JSON string. Bytes that are no UTF-8 are the object
// {"$base64": "..."}, in the alphabet for URLs without padding; such an object is bytes on the way
// in, too. JavaScript rounds integers beyond 2^53.
//
// Every function throws the errors of its scope.
#pragma once

#include <string>
#include <string_view>

#include <anabranch/scope.h>

namespace anabranch {

// Returns what a key shows, of one consistent state, without spaces; "null" when it is absent.
// Throws Error{kInvalid} for the name of a field that is no UTF-8, and below 100 levels.
[[nodiscard]] std::string to_json(const Scope& scope, const Key& key);

// Makes a key show this JSON, in one transaction. Writes only what differs from what is shown here,
// so that concurrent writes to other fields stay: fields that the JSON lacks are removed, lists
// change by the smallest middle part, texts by the smallest difference. A member named twice has
// its last value. Throws Error: kInvalid for what is no JSON, for integers beyond 64 bits, for
// null, objects and arrays within an array (but the pairs of a sorted set), and below 100 levels;
// kWrongType where the form does not fit the type at a place: then nothing is written.
void put_json(Scope& scope, const Key& key, std::string_view json);

// Changes a key by a merge patch (RFC 7396), in one transaction: members of objects are put, those
// that are null are removed, and fields that the patch lacks stay. All else as put_json.
void patch_json(Scope& scope, const Key& key, std::string_view patch);

}  // namespace anabranch
