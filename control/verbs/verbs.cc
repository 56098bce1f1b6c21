// ANABRANCH and its verbs. Structured answers are JSON in a bulk string, for the command line and
// for scripts.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/verbs/backup_verbs.h"
#include "control/verbs/conflict_verbs.h"
#include "control/verbs/drain_verbs.h"
#include "control/verbs/handover_verbs.h"
#include "control/verbs/plugin_verbs.h"
#include "control/verbs/policy_verbs.h"
#include "control/verbs/salvage_verbs.h"
#include "control/verbs/show_verb.h"
#include "control/verbs/status_json.h"
#include "control/verbs/verb.h"
#include "control/verbs/verdict_json.h"
#include "control/verbs/words.h"
#include "core/dot.h"
#include "core/text.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;

void reply_json(Call& call, const Json& json) {
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// ---- ANABRANCH STATUS

void status(Call& call) {
  Json json = to_json(call.front.status());
  call.front.describe(json);
  reply_json(call, json);
}

// ---- ANABRANCH FORK

void fork_list(Call& call) { reply_json(call, to_json(call.front.status().forks)); }

void fork_resolve(Call& call) {
  const bool adopt = call.size() == 5 && same_word(call[4], "adopt");
  if (call.size() > 5 || (call.size() == 5 && !adopt)) {
    throw Error(ErrorCode::kInvalid, "syntax error");
  }
  call.leader.resolve_fork(call[3], adopt).value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH PROMOTE

void promote(Call& call) {
  call.leader.promote().value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH REPAIR

void repair_start(Call& call) {
  call.leader.repair(true);
  call.reply().ok();
}

void repair_stop(Call& call) {
  call.leader.repair(false);
  call.reply().ok();
}

// ---- ANABRANCH PEER

void answer_peer(Call& call, bool known) {
  if (known) return call.reply().ok();
  call.reply().error("ERR there is no peer '" + std::string(call[3]) + "'");
}

void pause(Call& call) { answer_peer(call, call.leader.pause(call[3])); }

void resume(Call& call) { answer_peer(call, call.leader.resume(call[3])); }

// ---- ANABRANCH KEYS

void reload_keys(Call& call) {
  call.leader.reload_keys().value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH REGION

void list_regions(Call& call) { reply_json(call, to_json(call.front.status().regions)); }

void retire(Call& call) {
  const bool lost = call.size() > 4 && same_word(call[4], "lost");
  if (call.size() > 6 || (call.size() > 4 && !lost)) {
    throw Error(ErrorCode::kInvalid, "syntax error");
  }
  using regions::Retirement;
  auto staged = call.size() == 6
                    ? call.leader.lose(call[3], call[5])
                    : call.leader.retire(call[3], lost ? Retirement::kLost : Retirement::kRetired);
  std::move(staged).value_or_raise();
  call.reply().ok();
}

void restore(Call& call) {
  call.leader.retire(call[3], regions::Retirement::kNone).value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH DIGEST

void digest(Call& call) { call.reply().bulk(call.leader.digest()); }

// ---- ANABRANCH VERIFY

void verify_start(Call& call) {
  constexpr std::size_t kRegionsMax = 1000;
  if (call.size() - 3 > kRegionsMax) {
    throw Error(ErrorCode::kInvalid,
                "at most " + std::to_string(kRegionsMax) + " regions in one request");
  }
  std::vector<std::string> regions;
  for (std::size_t i = 3; i < call.size(); ++i) regions.emplace_back(call[i]);
  call.leader.verify(std::move(regions)).value_or_raise();
  call.reply().ok();
}

void verify_result(Call& call) { call.reply().bulk(verdicts_json(call.leader.verdicts())); }

constexpr Verb kPeerVerbs[] = {
    {.name = "pause",
     .arity = 4,
     .access = Access::kBetween,
     .acts = true,
     .run = pause,
     .usage = "name",
     .help = "Stops the exchange with a peer, both ways, until resumed or restarted."},
    {.name = "resume",
     .arity = 4,
     .access = Access::kBetween,
     .acts = true,
     .run = resume,
     .usage = "name",
     .help = "Goes on with it."},
};

std::span<const Verb> peer_verbs() { return kPeerVerbs; }

constexpr Verb kKeysVerbs[] = {
    {.name = "reload",
     .arity = 3,
     .access = Access::kBetween,
     .acts = true,
     .run = reload_keys,
     .help = "Reads the files of keys again: what was added works, what was removed is cut."},
};

std::span<const Verb> keys_verbs() { return kKeysVerbs; }

constexpr Verb kVerifyVerbs[] = {
    {.name = "start",
     .arity = -3,
     .access = Access::kBetween,
     .acts = true,
     .run = verify_start,
     .usage = "[region ...]",
     .help = "Begins to compare all rows with these regions, or with all peers.",
     .complexity = "O(1); the rows are compared in the background"},
    {.name = "result",
     .arity = 3,
     .access = Access::kBetween,
     .run = verify_result,
     .help = "How that stands, as JSON."},
};

std::span<const Verb> verify_verbs() { return kVerifyVerbs; }

constexpr Verb kRepairVerbs[] = {
    {.name = "start",
     .arity = 3,
     .access = Access::kBetween,
     .acts = true,
     .run = repair_start,
     .help = "Takes all rows again from another region; no write is lost. STATUS tells until when.",
     .complexity = "O(1); the rows are taken in the background"},
    {.name = "stop",
     .arity = 3,
     .access = Access::kBetween,
     .acts = true,
     .run = repair_stop,
     .help = "No longer, unless values of them are damaged."},
};

std::span<const Verb> repair_verbs() { return kRepairVerbs; }

constexpr Verb kForkVerbs[] = {
    {.name = "list",
     .arity = 3,
     .access = Access::kBeside,
     .run = fork_list,
     .help = "Origins with two histories, and who has which, as JSON."},
    {.name = "resolve",
     .arity = -4,
     .access = Access::kBetween,
     .acts = true,
     .run = fork_resolve,
     .usage = "origin [ADOPT]",
     .help = "Gives way to the other history, and writes again what only this side has."},
};

std::span<const Verb> fork_verbs() { return kForkVerbs; }

constexpr Verb kRegionVerbs[] = {
    {.name = "list",
     .arity = 3,
     .access = Access::kBeside,
     .run = list_regions,
     .help = "Every region ever known, as JSON."},
    {.name = "retire",
     .arity = -4,
     .access = Access::kWrites,
     .acts = true,
     .run = retire,
     .usage = "name [LOST [member]]",
     .help = "Nobody waits for a region any more; LOST: it, or a part of it, never comes back.",
     .merging = "In all regions: of concurrent settings the later one counts."},
    {.name = "restore",
     .arity = 4,
     .access = Access::kWrites,
     .acts = true,
     .run = restore,
     .usage = "name",
     .help = "A region that was retired is waited for again (nothing of backups).",
     .merging = "In all regions: of concurrent settings the later one counts."},
};

std::span<const Verb> region_verbs() { return kRegionVerbs; }

constexpr Verb kAllVerbs[] = {
    {.name = "status",
     .arity = 2,
     .access = Access::kBeside,
     .run = status,
     .help = "This leader and its peers, as JSON: region, origin, vector, lag."},
    {.name = "peer",
     .arity = -3,
     .verbs = peer_verbs,
     .usage = "PAUSE | RESUME name",
     .help = "The exchange with a peer."},
    {.name = "region",
     .arity = -3,
     .verbs = region_verbs,
     .usage = "LIST | RETIRE name [LOST [member]] | RESTORE name",
     .help = "The regions ever known."},
    {.name = "policy",
     .arity = -3,
     .verbs = policy_verbs,
     .usage = "LIST | SET kind prefix [BASE] [DB n] | REMOVE prefix [DB n]",
     .help = "The rules between concurrent values, by prefix of keys."},
    {.name = "plugin",
     .arity = -3,
     .verbs = plugin_verbs,
     .usage = "ADD module | LIST | REMOVE name",
     .help = "WebAssembly modules for policies."},
    {.name = "conflicts",
     .arity = -3,
     .verbs = conflict_verbs,
     .usage =
         "LIST [PREFIX p] [DB n] [SINCE ms] [BEFORE id] [LIMIT n] | SHOW id | PUTBACK id | STATS",
     .help = "Values that lost against others, as this leader has seen them."},
    {.name = "keys",
     .arity = -3,
     .verbs = keys_verbs,
     .usage = "RELOAD",
     .help = "The keys of the links."},
    {.name = "fork",
     .arity = -3,
     .verbs = fork_verbs,
     .usage = "LIST | RESOLVE origin [ADOPT]",
     .help = "Origins with two histories."},
    {.name = "backup",
     .arity = -3,
     .verbs = backup_verbs,
     .usage = "START folder | RESULT | STOP",
     .help = "A consistent copy of the data directory, while it is used."},
    {.name = "drain",
     .arity = -3,
     .verbs = drain_verbs,
     .usage = "START | RESULT token | STOP",
     .help = "No more writes here, until all regions have all."},
    {.name = "handover",
     .arity = -3,
     .verbs = handover_verbs,
     .usage = "START [member] | RESULT",
     .help = "The lead of this region goes to another member."},
    {.name = "promote",
     .arity = 2,
     .access = Access::kBetween,
     .acts = true,
     .run = promote,
     .help = "Makes a follower a leader of its region."},
    {.name = "repair",
     .arity = -3,
     .verbs = repair_verbs,
     .usage = "START | STOP",
     .help = "Takes all rows again from another region."},
    {.name = "salvage",
     .arity = -3,
     .verbs = salvage_verbs,
     .usage = "APPLY [FORCE] | TAKE key [FORCE] | RESULT | FORGET",
     .help = "What the log has lost."},
    {.name = "show",
     .arity = 3,
     .access = Access::kReads,
     .key = 2,
     .run = show,
     .usage = "key",
     .help = "A key with its siblings, their regions and times, as JSON. Of a collection 256 KiB.",
     .complexity = "O(N), N the number of rows at the key"},
    {.name = "digest",
     .arity = 2,
     .access = Access::kBetween,
     .run = digest,
     .help = "A hash over all rows, shown or not: equal in regions that have applied the same."},
    {.name = "verify",
     .arity = -3,
     .verbs = verify_verbs,
     .usage = "START [region ...] | RESULT",
     .help = "Compares all rows with those of peers."},
};

std::span<const Verb> all_verbs() { return kAllVerbs; }

constexpr Verb kAnabranch = {.name = "anabranch",
                             .arity = -2,
                             .verbs = all_verbs,
                             .usage = "verb ...",
                             .help = "This leader and its peers."};

}  // namespace

const Verb& anabranch() { return kAnabranch; }

}  // namespace anabranch::control
