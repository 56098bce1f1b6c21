// The members as an operator sees them, and warnings about them. Any thread.
#pragma once

#include <string>

#include <anabranch/status.h>

#include "leader/members/cards.h"

namespace anabranch::leader {

// Fills in the members: this one, with the card `self`, and all others of the table; and adds
// warnings about two that should differ, or be alike.
void tell_members(StoreStatus& status, const KnownCard& self, const Cards& cards, core::Millis now);

// A sentence about another process that has the directory of this one.
[[nodiscard]] std::string copy_note(const KnownCard& copy);

}  // namespace anabranch::leader
