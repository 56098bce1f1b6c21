// Lists of containers as tests drive them: elements with a name, a text, votes, a mark that they
// are done, and tags.
#pragma once

#include <string>

#include <anabranch/handles.h>

#include "tests/types/meaning.h"

namespace anabranch::test {

// Acts by index, each taken modulo the length; `*` stands for a name that was never used before.
// The acts are made more precise: they name the element. Otherwise as Subject::act.
bool write_items(Scope& scope, const Key& key, Words& act);
// "[a b=milk+2!{x}]": b has the text milk, two votes and the tag x, and is done. "-" when there is
// nothing.
std::string show_items(Scope& scope, const Key& key);
// The elements by the names under which they are ordered: a moved element has another name.
Words item_places(const History& history, const std::string& shown);
// The elements with their contents, sorted.
std::string items_meaning(const History& history);

}  // namespace anabranch::test
