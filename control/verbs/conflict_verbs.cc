// ANABRANCH CONFLICTS: the losers in the conflict log of this leader, of all databases unless DB
// names one.
#include "control/verbs/conflict_verbs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/verbs/bytes_json.h"
#include "control/verbs/policy_words.h"
#include "control/verbs/status_json.h"
#include "control/verbs/words.h"
#include "core/text.h"
#include "leader/losers.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kListed = 100;
constexpr std::size_t kListedMax = 1000;
constexpr std::size_t kLookedAtMax = 5000;  // Entries of a page: at most some 20 ms.

Json loser_json(const Loser& loser) {
  Json path = Json::array();
  for (const std::string& part : loser.path) path.push_back(bytes_json(part));
  Json json{{"id", loser.id},
            {"kind", to_string(loser.kind)},
            {"database", loser.database},
            {"key", bytes_json(loser.key)},
            {"path", path},
            {"value", bytes_json(loser.value)},
            {"region", bytes_json(loser.region)},
            {"time_ms", loser.time_ms},
            {"winner", Json()},
            {"policy", bytes_json(loser.policy)},
            {"was_shown", loser.was_shown},
            {"by_region", bytes_json(loser.by_region)},
            {"logged_ms", loser.logged_ms},
            {"is_shown", loser.is_shown}};
  if (loser.winner) json["winner"] = bytes_json(*loser.winner);
  return json;
}

Json losers_json(const std::vector<Loser>& losers) {
  Json all = Json::array();
  for (const Loser& each : losers) all.push_back(loser_json(each));
  return all;
}

void answer(Call& call, const Json& json) {
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

template <typename Number>
Number number_of(std::string_view word) {
  const auto number = core::parse_number<Number>(word);
  if (!number) throw Error(ErrorCode::kInvalid, "value is not an integer or out of range");
  return *number;
}

// The words behind LIST: [PREFIX p] [DB n] [SINCE ms] [BEFORE id] [LIMIT n].
LoserFilter filter_of(const Call& call) {
  LoserFilter filter;
  filter.limit = kListed;
  for (std::size_t i = 3; i < call.size(); i += 2) {
    if (i + 1 == call.size()) throw Error(ErrorCode::kInvalid, "syntax error");
    const std::string_view value = call[i + 1];
    if (same_word(call[i], "prefix")) {
      filter.prefix = value;
    } else if (same_word(call[i], "db")) {
      filter.database = parse_database(value).value_or_raise();
    } else if (same_word(call[i], "since")) {
      filter.since_ms = number_of<std::int64_t>(value);
    } else if (same_word(call[i], "before")) {
      filter.before = value;
    } else if (same_word(call[i], "limit")) {
      filter.limit = std::min(number_of<std::size_t>(value), kListedMax);
    } else {
      throw Error(ErrorCode::kInvalid, "syntax error");
    }
  }
  return filter;
}

void list_losers(Call& call) {
  const leader::LoserPage page = call.leader.losers(filter_of(call), kLookedAtMax).value_or_raise();
  Json json{{"losers", losers_json(page.losers)}, {"before", Json()}};
  if (!page.before.empty()) json["before"] = page.before;
  answer(call, json);
}

void show(Call& call) {
  answer(call, losers_json(call.leader.losers_with(call[3]).value_or_raise()));
}

void put_back(Call& call) {
  call.leader.put_back(call[3]);
  call.reply().ok();
}

void stats(Call& call) { answer(call, to_json(call.front.status().conflicts)); }

constexpr Verb kConflictVerbs[] = {
    {.name = "list",
     .arity = -3,
     .access = Access::kBeside,
     .all_keys = true,
     .run = list_losers,
     .usage = "[PREFIX p] [DB n] [SINCE ms] [BEFORE id] [LIMIT n]",
     .help =
         "Values that lost here, the newest first, as JSON: a page, and BEFORE of the next one.",
     .complexity = "O(N), N the number of entries that a page looks at"},
    {.name = "show",
     .arity = 4,
     .access = Access::kBeside,
     .all_keys = true,
     .run = show,
     .usage = "id",
     .help = "All losers of the conflict of this one, as JSON."},
    {.name = "putback",
     .arity = 4,
     .access = Access::kWrites,
     .acts = true,
     .all_keys = true,
     .run = put_back,
     .usage = "id",
     .help =
         "Writes a loser again, for all regions; what it replaces can be put back, too. One that "
         "is shown settles its row: the values beside it go.",
     .merging = "A write as any other: it replaces the values seen here."},
    {.name = "stats",
     .arity = 3,
     .access = Access::kBeside,
     .run = stats,
     .help = "How many conflicts there were, by policy, and the size of the log, as JSON."},
};

}  // namespace

std::span<const Verb> conflict_verbs() { return kConflictVerbs; }

}  // namespace anabranch::control
