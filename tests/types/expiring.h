// A key that expires, as a subject of tests: a string or a set, with a deadline; and the meaning of
// that, as a pure function of the history and the reader's clock.
#pragma once

#include <string>

#include "core/wall_clock.h"
#include "tests/types/meaning.h"
#include "tests/types/subject.h"

namespace anabranch::test {

// The visible text of a key with this history, in the order of events, by a clock: "5", "{x y}
// until 9000", or "-" when it is not there.
std::string expiring_meaning(const History& history, core::Millis now_ms);

// Acts: put and erase a value, add to it; insert and remove an element; del; expire at a time,
// persist.
bool write_expiring(Scope& scope, const Key& key, const Words& act);
std::string show_expiring(Scope& scope, const Key& key);

}  // namespace anabranch::test
