#include "server/resp/commands/anabranch/once_verb.h"

#include <algorithm>
#include <array>

#include "leader/scopes/group_writer.h"
#include "server/resp/admission.h"
#include "server/resp/host.h"

namespace anabranch::server {

namespace {

// The commands whose writes follow from their words alone, and the most words of each. What they
// read decides about their answer, and about writes that a request refuses.
struct Allowed {
  std::string_view name;
  std::size_t words_max = SIZE_MAX;
};
constexpr std::array kAllowed{
    Allowed{"set", 3}, Allowed{"mset"},   Allowed{"incr"},    Allowed{"incrby"},
    Allowed{"decr"},   Allowed{"decrby"}, Allowed{"sadd"},    Allowed{"srem"},
    Allowed{"hset"},   Allowed{"hmset"},  Allowed{"hincrby"},
};

bool is_allowed(const Command& command, std::size_t words) {
  return std::ranges::any_of(kAllowed, [&](const Allowed& each) {
    return each.name == command.name && words <= each.words_max;
  });
}

std::string refusal() {
  std::string names;
  for (const Allowed& each : kAllowed)
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  return "ERR a request that counts once can be one of " + names +
         "; set without options: other effects do not follow from the words alone";
}

// The command has answered with an error.
struct Refused {};

}  // namespace

void once(Call& call) {
  const Arguments words = call.arguments.subspan(3);
  const Resolved found = resolve(words);
  if (found.command == nullptr) return call.reply().error(found.error);
  if (!is_allowed(*found.command, words.size())) return call.reply().error(refusal());
  std::string refusal;
  if (!admit(call.host, call.client, *found.command, words, refusal)) {
    return call.reply().error(refusal);
  }
  const std::size_t mark = call.reply().mark();
  bool executed = false;
  try {
    executed = call.host.leader.writer().once(
        call[2], OnceIn::kAnyRegion, leader::GroupWriter::Reads::kAllowed, [&] {
          Call inner{call.client, call.scope, call.host, words, *found.command, *found.container};
          inner.command.run(inner);
          if (call.reply().is_error(mark)) throw Refused();
        });
  } catch (const Refused&) {
    return;  // With the answer of the command.
  }
  if (!executed) call.reply().status("KNOWN");
}

}  // namespace anabranch::server
