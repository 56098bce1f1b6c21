// Handles: a type, a scope and a key. Making one reads nothing; it is as cheap as its key.
//
//   Register<std::string> title{store, "doc/1/title"};
//   title.put("Draft");
//
// Each handle has a reader, with those of its functions that write nothing: RegisterReader<int>,
// CounterReader, SetReader<>, MapReader. A reader is made with any scope, a const one too, as in a
// function that takes a `const Store&`; a handle may be used where its reader is wanted.
//
//   std::int64_t visits(const Scope& scope) { return CounterReader{scope, "visits"}.get(); }
//
// A handle must not outlive its scope; of a temporary scope neither handle nor reader compiles. It
// may be used wherever its scope may. Every function may throw the errors of its scope, and
// Error{kWrongType} when the key holds another type. The template Codec (codec.h) turns values into
// bytes.
//
// Each header begins with the meaning of its type when regions write at once. All follow one rule:
// a write replaces exactly the writes that it has seen.
#pragma once

#include <anabranch/counter.h>
#include <anabranch/expiry.h>
#include <anabranch/flag.h>
#include <anabranch/item_list.h>
#include <anabranch/list.h>
#include <anabranch/map.h>
#include <anabranch/register.h>
#include <anabranch/set.h>
#include <anabranch/sorted_set.h>
#include <anabranch/text.h>
