// Finds the verb of a request.
#pragma once

#include <string>

#include "control/verbs/verb.h"

namespace anabranch::control {

struct Found {
  const Verb* verb = nullptr;     // Null: `help_of` or `error` is the answer.
  const Verb* help_of = nullptr;  // The container that is to list its verbs.
  std::string error = {};
};

// Looks up the words of a request, the first of which is ANABRANCH, and checks their number.
Found find_verb(Words words);

// Replies with the verbs of a container, a line of usage and a line of help each.
void reply_help(const Verb& container, Writer& reply);

}  // namespace anabranch::control
