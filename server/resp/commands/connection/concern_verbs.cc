#include "server/resp/commands/connection/concern_verbs.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/verbs/bytes_json.h"
#include "control/verbs/concern_words.h"
#include "core/space.h"
#include "server/resp/concern/write_concerns.h"
#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = ClientConcern::Outcome;
using From = ConcernInForce::From;

void reply_json(Call& call, const Json& json) {
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// ---- Of the connection.

void set_concern(Call& call) {
  constexpr std::size_t kBefore = 3;  // ANABRANCH CONCERN SET.
  auto concern = std::make_unique<ClientConcern>();
  concern->own = call.host.concerns.take(control::parse_concern(call.arguments.subspan(kBefore)));
  call.client.concern = std::move(concern);
  call.reply().ok();
}

void end_concern(Call& call) {
  call.client.concern.reset();
  call.reply().ok();
}

std::string_view word_of(From from) {
  switch (from) {
    case From::kNobody:
      return "nobody";
    case From::kConnection:
      return "connection";
    case From::kUser:
      return "user";
    case From::kPrefix:
      return "prefix";
    case From::kMesh:
      return "mesh";
  }
  return "nobody";
}

void show_in_force(Call& call, const std::string_view* key) {
  const ConcernInForce found = concern_in_force(call.host, call.client, key);
  Json json{{"concern", nullptr}, {"from", word_of(found.from)}};
  if (found.concern) json["concern"] = control::bytes_json(found.concern->text());
  if (found.from == From::kPrefix) json["prefix"] = control::bytes_json(found.rule->prefix);
  reply_json(call, json);
}

void show_concern(Call& call) { show_in_force(call, nullptr); }

void show_of_key(Call& call) {
  const std::string_view key = call[3];
  show_in_force(call, &key);
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
      return "missed";
    case Outcome::kWaits:  // Somebody has ended it with an answer of theirs.
    case Outcome::kEnded:
      return "ended";
  }
  return "none";
}

void show_last(Call& call) {
  const auto& own = call.client.concern;
  const Outcome outcome = own ? own->outcome : Outcome::kNone;
  Json json{{"outcome", word_of(outcome)}};
  if (outcome != Outcome::kNone) {
    call.host.concerns.renew();
    const Holding holding = call.host.concerns.holding_of(own->concerns, own->write);
    json["have"] = holding.have;
    json["lack"] = holding.lack;
  }
  reply_json(call, json);
}

// ---- Of keys, and of the mesh.

// Stages the words from `begin` on, or OFF, for keys or the mesh.
void set_rule(Call& call, const std::optional<rows::PolicyScope>& keys, std::size_t begin) {
  std::vector<std::string> words;
  const bool is_off = call.size() == begin + 1 && same_word(call[begin], "off");
  if (!is_off) {
    const ConcernTerms terms = control::parse_concern(call.arguments.subspan(begin));
    const std::string why = call.host.concerns.refusal(terms);
    if (!why.empty()) throw Error(ErrorCode::kInvalid, why);
    words = terms.words();
  }
  call.host.leader.set_concern(keys, words).value_or_raise();
  call.host.concerns.expect_rules();
  call.reply().ok();
}

void set_for_prefix(Call& call) {
  const std::string space(1, core::space_of(call.client.database));
  set_rule(call, rows::PolicyScope{space, std::string(call[3])}, 4);
}

void set_for_mesh(Call& call) { set_rule(call, std::nullopt, 3); }

void list_rules(Call& call) {
  Json all = Json::array();
  for (const ConcernRules::Rule& rule : call.host.concerns.rules().all()) {
    Json json{{"for", rule.mesh ? "mesh" : "prefix"}};
    if (!rule.mesh) {
      json["database"] = rule.database;
      json["prefix"] = control::bytes_json(rule.prefix);
    }
    const bool known = rule.concern != nullptr;
    json["concern"] = known ? control::bytes_json(rule.concern->text()) : Json(nullptr);
    json["note"] = !known ? "of a newer version: it holds no answer"
                          : call.host.concerns.refusal(rule.concern->terms());
    all.push_back(std::move(json));
  }
  reply_json(call, all);
}

constexpr std::uint32_t kCategories = kInAnabranch | kInConnection;
constexpr std::uint32_t kOfOperators = kInAnabranch | kInAnabranchAct;
constexpr std::uint32_t kSets = kWrites | kAlone | kAdmin | kNoted;
constexpr std::string_view kMerging =
    "In all regions: of concurrent settings for one prefix, or for the mesh, the last written "
    "counts.";

constexpr Command kConcernVerbs[] = {
    {.name = "set",
     .arity = -4,
     .flags = kAlone,
     .categories = kCategories,
     .run = set_concern,
     .since = kAnabranchVersion,
     .usage = "<LOCAL | APPLIED | DURABLE> [COUNT n] [MAJORITY] [ALL] [REGION name ...] "
              "[MEMBER name ...] [ZONE] [WITHIN milliseconds | DEGRADE milliseconds]",
     .help = "From now on answers of writes wait until so many members have them.",
     .complexity = "O(number of members)"},
    {.name = "off",
     .arity = 3,
     .flags = kFast | kAlone,
     .categories = kCategories,
     .run = end_concern,
     .since = kAnabranchVersion,
     .help = "This connection has no concern of its own any more.",
     .complexity = "O(1)"},
    {.name = "get",
     .arity = 3,
     .flags = kFast | kAlone,
     .categories = kCategories,
     .run = show_concern,
     .since = kAnabranchVersion,
     .help = "The concern of this connection, as JSON, and where it comes from.",
     .complexity = "O(1)"},
    {.name = "key",
     .arity = 4,
     .flags = kFast | kAlone,
     .categories = kCategories,
     .keys = {key_at(3, kReadsOnly)},
     .run = show_of_key,
     .since = kAnabranchVersion,
     .usage = "key",
     .help = "The concern of this connection's writes to a key, and where it comes from.",
     .complexity = "O(log(N)), N the number of prefixes with concerns"},
    {.name = "prefix",
     .arity = -5,
     .flags = kSets,
     .categories = kOfOperators,
     .run = set_for_prefix,
     .since = kAnabranchVersion,
     .usage = "prefix <OFF | words of SET ...>",
     .help = "The concern of writes to keys with this prefix, in all regions.",
     .complexity = "O(N), N the number of prefixes with concerns",
     .merging = kMerging},
    {.name = "mesh",
     .arity = -4,
     .flags = kSets,
     .categories = kOfOperators,
     .run = set_for_mesh,
     .since = kAnabranchVersion,
     .usage = "<OFF | words of SET ...>",
     .help = "The concern of writes to all keys without a nearer one, in all regions.",
     .complexity = "O(N), N the number of prefixes with concerns",
     .merging = kMerging},
    {.name = "rules",
     .arity = 3,
     .flags = kAlone | kAdmin,
     .categories = kInAnabranch | kInAnabranchRead,
     .run = list_rules,
     .since = kAnabranchVersion,
     .help = "The concerns of prefixes and of the mesh, as JSON.",
     .complexity = "O(N), N the number of prefixes with concerns"},
    {.name = "last",
     .arity = 3,
     .flags = kAlone,
     .categories = kCategories,
     .run = show_last,
     .since = kAnabranchVersion,
     .help = "Whether the concern of this connection's last write was met, degraded, missed or "
             "ended; who has that write, as JSON.",
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
