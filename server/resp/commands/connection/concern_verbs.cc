#include "server/resp/commands/connection/concern_verbs.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

using Outcome = ClientConcern::Outcome;

void set_concern(Call& call) {
  constexpr std::size_t kBefore = 3;  // ANABRANCH CONCERN SET.
  ConcernTerms terms = parse_terms(call.arguments.subspan(kBefore));
  call.host.concerns.renew();
  auto concern = std::make_unique<ClientConcern>();
  concern->concern = call.host.concerns.take(std::move(terms));
  call.client.concern = std::move(concern);
  call.reply().ok();
}

void end_concern(Call& call) {
  call.client.concern.reset();
  call.reply().ok();
}

void show_concern(Call& call) {
  const auto& own = call.client.concern;
  call.reply().bulk(own ? own->concern->words() : "OFF");
}

std::string_view word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNone:
      return "none";
    case Outcome::kMet:
      return "met";
    case Outcome::kDegraded:
      return "degraded";
    case Outcome::kMissed:
    case Outcome::kWaits:  // Somebody has ended the wait.
      return "missed";
  }
  return "none";
}

void show_last(Call& call) {
  const auto& own = call.client.concern;
  const Outcome outcome = own ? own->outcome : Outcome::kNone;
  nlohmann::ordered_json json{{"outcome", word_of(outcome)}};
  if (word_of(outcome) != "none") {
    call.host.concerns.renew();
    const Holding holding = call.host.concerns.holding_of(*own->concern, own->write);
    json["have"] = holding.have;
    json["lack"] = holding.lack;
  }
  call.reply().bulk(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

constexpr std::uint32_t kCategories = kInAnabranch | kInConnection;

constexpr Command kConcernVerbs[] = {
    {.name = "set",
     .arity = -5,
     .flags = kAlone,
     .categories = kCategories,
     .run = set_concern,
     .since = kAnabranchVersion,
     .usage = "<APPLIED | DURABLE> [COUNT n] [MAJORITY] [ALL] [REGION name ...] "
              "[MEMBER name ...] [ZONE] [WITHIN milliseconds | DEGRADE milliseconds]",
     .help = "From now on answers of writes wait until so many members have them.",
     .complexity = "O(number of members)"},
    {.name = "off",
     .arity = 3,
     .flags = kFast | kAlone,
     .categories = kCategories,
     .run = end_concern,
     .since = kAnabranchVersion,
     .help = "Answers of writes wait for nobody.",
     .complexity = "O(1)"},
    {.name = "get",
     .arity = 3,
     .flags = kFast | kAlone,
     .categories = kCategories,
     .run = show_concern,
     .since = kAnabranchVersion,
     .help = "The words of SET, or OFF.",
     .complexity = "O(1)"},
    {.name = "last",
     .arity = 3,
     .flags = kAlone,
     .categories = kCategories,
     .run = show_last,
     .since = kAnabranchVersion,
     .help = "Whether the concern of this connection's last write was met, degraded or missed; who "
             "has that write, as JSON.",
     .complexity = "O(number of members)"},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> concern_verbs() { return kConcernVerbs; }

}  // namespace anabranch::server
