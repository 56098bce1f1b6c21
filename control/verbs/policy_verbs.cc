// ANABRANCH POLICY: the rules between concurrent values, by key prefix. The database is the one
// that the client has selected, unless DB names another.
#include "control/verbs/policy_verbs.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/verbs/bytes_json.h"
#include "control/verbs/policy_words.h"
#include "control/verbs/words.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;

// The words behind the prefix: [BASE] [DB n].
struct Rest {
  std::uint8_t database = 0;
  bool base = false;
};

Rest rest_of(const Call& call, std::size_t from, bool may_have_base) {
  Rest rest{.database = call.database};
  for (std::size_t i = from; i < call.size(); ++i) {
    if (may_have_base && same_word(call[i], "base")) {
      rest.base = true;
    } else if (same_word(call[i], "db") && i + 1 < call.size()) {
      rest.database = parse_database(call[++i]).value_or_raise();
    } else {
      throw Error(ErrorCode::kInvalid, "syntax error");
    }
  }
  return rest;
}

void set(Call& call) {
  const Rest rest = rest_of(call, 5, true);
  Policy policy = parse_policy(call[3]).value_or_raise();
  policy.keep_base = policy.keep_base || rest.base;
  call.leader.set_policy(rest.database, call[4], policy).value_or_raise();
  call.reply().ok();
}

void remove_policy(Call& call) {
  const Rest rest = rest_of(call, 4, false);
  call.leader.remove_policy(rest.database, call[3]).value_or_raise();
  call.reply().ok();
}

void list_policies(Call& call) {
  Json all = Json::array();
  for (const PolicyAt& each : call.leader.policies()) {
    all.push_back({{"database", each.database},
                   {"prefix", bytes_json(each.prefix)},
                   {"policy", bytes_json(to_string(each.policy))},
                   {"region", bytes_json(each.region)},
                   {"in_force", each.in_force},
                   {"note", bytes_json(each.note)}});
  }
  call.reply().bulk(all.dump(-1, ' ', false, Json::error_handler_t::replace));
}

constexpr Verb kPolicyVerbs[] = {
    {.name = "set",
     .arity = -5,
     .access = Access::kWrites,
     .acts = true,
     .run = set,
     .usage = "kind prefix [BASE] [DB n]",
     .help = "The rule for keys with this prefix, in all regions: lww, siblings, max, min, "
             "native:function, wasm1:module.",
     .merging = "In all regions: of concurrent settings for one prefix the last written counts."},
    {.name = "remove",
     .arity = -4,
     .access = Access::kWrites,
     .acts = true,
     .run = remove_policy,
     .usage = "prefix [DB n]",
     .help = "Removes the policy of this prefix: the next shorter prefix decides.",
     .merging = "In all regions: of concurrent settings for one prefix the last written counts."},
    {.name = "list",
     .arity = 3,
     .access = Access::kBeside,
     .run = list_policies,
     .help = "Every policy ever set or proposed, and whether it decides, as JSON."},
};

}  // namespace

std::span<const Verb> policy_verbs() { return kPolicyVerbs; }

}  // namespace anabranch::control
