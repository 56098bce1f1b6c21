#include "control/verbs/salvage_verbs.h"

#include <anabranch/error.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "control/verbs/bytes_json.h"
#include "control/verbs/policy_words.h"
#include "control/verbs/words.h"
#include "core/path.h"
#include "core/space.h"
#include "leader/salvage/salvage.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;
using leader::Salvage;

void forget(Call& call) {
  call.leader.forget_losses().value_or_raise();
  call.reply().ok();
}

// The last word, if it is there, goes past followers.
bool forced(const Call& call, std::size_t at) {
  if (call.size() == at) return false;
  if (call.size() == at + 1 && same_word(call[at], "force")) return true;
  throw Error(ErrorCode::kInvalid, "syntax error");
}

void apply(Call& call) {
  call.leader.salvage().start(forced(call, 3)).value_or_raise();
  call.reply().ok();
}

void take(Call& call) {
  const std::string space(1, core::space_of(call.database));
  const core::Path key{space, call[3]};
  const bool past = forced(call, 4);
  call.leader.salvage().take(std::string(key.encoded()), past).value_or_raise();
  call.reply().ok();
}

std::string_view word_of(Salvage::State state) {
  switch (state) {
    case Salvage::State::kNone:
      return "none";
    case Salvage::State::kReading:
      return "reading";
    case Salvage::State::kWriting:
      return "writing";
    case Salvage::State::kWaits:
      return "waits";
    case Salvage::State::kDone:
      return "done";
    case Salvage::State::kFailed:
      break;
  }
  return "failed";
}

Json key_json(const std::string& encoded) {
  const core::Components parts = core::Path::trusted(encoded).components();
  const auto database = parts.empty() ? std::nullopt : core::database_of(parts[0]);
  if (!database || parts.size() < 2) return {{"database", nullptr}, {"key", bytes_json(encoded)}};
  return {{"database", *database}, {"key", bytes_json(parts[1])}};
}

void result(Call& call) {
  const Salvage::Report report = call.leader.salvage().report();
  Json left = Json::array();
  for (const std::string& key : report.left) left.push_back(key_json(key));
  Json origins = Json::array();
  for (const core::Origin origin : report.own) origins.push_back(core::to_string(origin));
  const Json json = {{"state", word_of(report.state)},
                     {"text", report.text},
                     {"losses", report.losses},
                     {"ops", report.ops},
                     {"left_ops", report.left_ops},
                     {"left", left},
                     {"other_ops", report.other_ops},
                     {"unproven", report.unproven},
                     {"unread", report.unread},
                     {"region", call.leader.region()},
                     {"origins", origins}};
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

constexpr Verb kSalvageVerbs[] = {
    {.name = "apply",
     .arity = -3,
     .access = Access::kBetween,
     .acts = true,
     .all_keys = true,
     .at_socket = true,
     .run = apply,
     .usage = "[FORCE]",
     .help = "Begins to write again what the log has lost and files prove; FORCE: past followers."
             " At the control socket only.",
     .complexity = "O(1); the writes are made in the background"},
    {.name = "take",
     .arity = -4,
     .access = Access::kBetween,
     .acts = true,
     .all_keys = true,
     .at_socket = true,
     .run = take,
     .usage = "key [FORCE]",
     .help = "Writes the lost writes of a key again that was left alone, beside what it has now."
             " At the control socket only.",
     .complexity = "O(N), N the number of records that are set aside"},
    {.name = "result",
     .arity = 3,
     .access = Access::kBetween,
     .all_keys = true,
     .run = result,
     .help = "How that stands, as JSON."},
    {.name = "forget",
     .arity = 3,
     .access = Access::kBetween,
     .acts = true,
     .run = forget,
     .help =
         "What the log has lost is lost: ends that condition, and removes the files set aside."},
};

}  // namespace

std::span<const Verb> salvage_verbs() { return kSalvageVerbs; }

}  // namespace anabranch::control
