// What a replica wants done: carried out by its owner, after the commit that they follow from.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "regions/wire/message.h"

namespace anabranch::regions {

// Names a link to another leader. The owner gives the numbers; none is used twice.
using LinkId = std::uint64_t;

// Send a message on a link; it may get lost.
struct Send {
  LinkId link = 0;
  Message message;
};

// The far side of the link sent rubbish.
struct Reject {
  LinkId link = 0;
};

// Something an operator should read, said once per cause.
struct Alarm {
  std::string text;
  // A stranger causes it, with each connection anew: the owner says such a text once a minute.
  bool by_stranger = false;
};

// Something that happened and that an operator may want to know, but need not act upon.
struct Notice {
  std::string text;
};

using Effect = std::variant<Send, Reject, Alarm, Notice>;
using Effects = std::vector<Effect>;

}  // namespace anabranch::regions
