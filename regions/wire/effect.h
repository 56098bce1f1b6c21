// The effects that a replica asks for: its owner carries them out after the commit that they follow
// from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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

// Drop the bodies of a lane that wait for their turn on a link, of all streams before this one: a
// newer stream brings what they would.
struct Unsend {
  LinkId link = 0;
  Lane lane = Lane::kBatch;
  std::uint64_t before = 0;
};

// Reject the link, for a reason that is its far side's: "it ...".
struct Reject {
  LinkId link = 0;
  std::string why;
};
// The reasons for bytes that are no message: of a stranger that has not greeted, and of a leader.
inline constexpr std::string_view kMeansNothing = "it sent a message that means nothing";
inline constexpr std::string_view kUnreadable = "it sent a message that cannot be read here";

// A message for operators, said once per cause.
struct Alarm {
  std::string text;
  // A stranger causes it, with each connection anew: the owner logs such a text once a minute.
  bool by_stranger = false;
};

// An event that may interest an operator and needs no action.
struct Notice {
  std::string text;
};

// A message of presence that has come for the listeners of this leader.
struct Heard {
  Presence message;
};

using Effect = std::variant<Send, Unsend, Reject, Alarm, Notice, Heard>;
using Effects = std::vector<Effect>;

}  // namespace anabranch::regions
