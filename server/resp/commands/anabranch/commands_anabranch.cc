// Commands without a counterpart in Redis: ANABRANCH and its verbs. Structured answers are JSON in
// a bulk string, for the command line and for scripts.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/verbs/status_json.h"
#include "control/verbs/verdict_json.h"
#include "server/resp/command.h"
#include "server/resp/commands/anabranch/conflict_verbs.h"
#include "server/resp/commands/anabranch/once_verb.h"
#include "server/resp/commands/anabranch/plugin_verbs.h"
#include "server/resp/commands/anabranch/policy_verbs.h"
#include "server/resp/commands/anabranch/show_verb.h"
#include "server/resp/commands/connection/session_verbs.h"
#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

using namespace control;  // TEMP

using Json = nlohmann::ordered_json;

void reply_json(Call& call, const Json& json) {
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// ---- ANABRANCH STATUS

Json clients_json(const Host& host) {
  return {{"connected", host.clients.size()},           {"held_back", host.clients_held_back},
          {"cut", host.statistics.clients_cut},         {"output_bytes", host.output_bytes},
          {"senders_cut", host.statistics.senders_cut}, {"input_bytes", host.input_bytes}};
}

void status(Call& call) {
  Json json = to_json(call.host.status());
  json["redis"] = call.host.endpoint;
  json["clients"] = clients_json(call.host);
  reply_json(call, json);
}

// ---- ANABRANCH FORK

void fork_list(Call& call) { reply_json(call, to_json(call.host.leader.status().forks)); }

void fork_resolve(Call& call) {
  const bool adopt = call.size() == 5 && same_word(call[4], "adopt");
  if (call.size() > 5 || (call.size() == 5 && !adopt)) {
    throw Error(ErrorCode::kInvalid, "syntax error");
  }
  call.host.leader.resolve_fork(call[3], adopt).value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH PROMOTE

void promote(Call& call) {
  call.host.leader.promote().value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH PEER

void answer_peer(Call& call, bool known) {
  if (known) return call.reply().ok();
  call.reply().error("ERR there is no peer '" + std::string(call[3]) + "'");
}

void pause(Call& call) { answer_peer(call, call.host.leader.pause(call[3])); }

void resume(Call& call) { answer_peer(call, call.host.leader.resume(call[3])); }

// ---- ANABRANCH KEYS

void reload_keys(Call& call) {
  call.host.leader.reload_keys().value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH REGION

void list_regions(Call& call) { reply_json(call, to_json(call.host.leader.status().regions)); }

void retire(Call& call) {
  regions::Retirement retirement = regions::Retirement::kRetired;
  if (call.size() > 4) {
    if (call.size() > 5 || !same_word(call[4], "lost")) {
      throw Error(ErrorCode::kInvalid, "syntax error");
    }
    retirement = regions::Retirement::kLost;
  }
  call.host.leader.retire(call[3], retirement).value_or_raise();
  call.reply().ok();
}

void restore(Call& call) {
  call.host.leader.retire(call[3], regions::Retirement::kNone).value_or_raise();
  call.reply().ok();
}

// ---- ANABRANCH DIGEST

void digest(Call& call) { call.reply().bulk(call.host.leader.digest()); }

// ---- ANABRANCH VERIFY

void verify_start(Call& call) {
  std::vector<std::string> regions;
  for (std::size_t i = 3; i < call.size(); ++i) regions.emplace_back(call[i]);
  call.host.leader.verify(std::move(regions));
  call.reply().ok();
}

void verify_result(Call& call) { call.reply().bulk(verdicts_json(call.host.leader.verdicts())); }

constexpr std::uint32_t kLeader = kAlone | kAfterCommit;

constexpr Command kPeerVerbs[] = {
    {.name = "pause",
     .arity = 4,
     .flags = kLeader | kAdmin,
     .run = pause,
     .since = kAnabranchVersion,
     .usage = "name",
     .help = "Stops the exchange with a peer, both ways, until resumed or restarted.",
     .complexity = "O(1)"},
    {.name = "resume",
     .arity = 4,
     .flags = kLeader | kAdmin,
     .run = resume,
     .since = kAnabranchVersion,
     .usage = "name",
     .help = "Goes on with it.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> peer_verbs() { return kPeerVerbs; }

constexpr Command kKeysVerbs[] = {
    {.name = "reload",
     .arity = 3,
     .flags = kLeader | kAdmin,
     .run = reload_keys,
     .since = kAnabranchVersion,
     .help = "Reads the files of keys again: what was added works, what was removed is cut.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> keys_verbs() { return kKeysVerbs; }

constexpr Command kVerifyVerbs[] = {
    {.name = "start",
     .arity = -3,
     .flags = kLeader | kAdmin,
     .run = verify_start,
     .since = kAnabranchVersion,
     .usage = "[region ...]",
     .help = "Begins to compare all rows with these regions, or with all peers.",
     .complexity = "O(1); the rows are compared in the background"},
    {.name = "result",
     .arity = 3,
     .flags = kLeader | kAdmin,
     .run = verify_result,
     .since = kAnabranchVersion,
     .help = "How that stands, as JSON.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> verify_verbs() { return kVerifyVerbs; }

constexpr Command kForkVerbs[] = {
    {.name = "list",
     .arity = 3,
     .flags = kLeader | kAdmin,
     .run = fork_list,
     .since = kAnabranchVersion,
     .help = "Origins with two histories, and who has which, as JSON.",
     .complexity = "O(1)"},
    {.name = "resolve",
     .arity = -4,
     .flags = kLeader | kAdmin,
     .run = fork_resolve,
     .since = kAnabranchVersion,
     .usage = "origin [ADOPT]",
     .help = "Gives way to the other history, and writes again what only this side has.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> fork_verbs() { return kForkVerbs; }
constexpr Command kRegionVerbs[] = {
    {.name = "list",
     .arity = 3,
     .flags = kLeader | kAdmin,
     .run = list_regions,
     .since = kAnabranchVersion,
     .help = "Every region ever known, as JSON.",
     .complexity = "O(1)"},
    {.name = "retire",
     .arity = -4,
     .flags = kWrites | kAlone | kAdmin,
     .run = retire,
     .since = kAnabranchVersion,
     .usage = "name [LOST]",
     .help = "Nobody waits for a region any more; LOST: and it never comes back.",
     .complexity = "O(1)",
     .merging = "In all regions: of concurrent settings the later one counts."},
    {.name = "restore",
     .arity = 4,
     .flags = kWrites | kAlone | kAdmin,
     .run = restore,
     .since = kAnabranchVersion,
     .usage = "name",
     .help = "A region that was retired is waited for again.",
     .complexity = "O(1)",
     .merging = "In all regions: of concurrent settings the later one counts."},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> region_verbs() { return kRegionVerbs; }

constexpr Command kVerbs[] = {
    {.name = "status",
     .arity = 2,
     .flags = kLeader | kAdmin,
     .run = status,
     .since = kAnabranchVersion,
     .help = "This leader and its peers, as JSON: region, origin, vector, lag.",
     .complexity = "O(1)"},
    {.name = "peer",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = peer_verbs,
     .since = kAnabranchVersion,
     .usage = "PAUSE | RESUME name",
     .help = "The exchange with a peer.",
     .complexity = "O(1)"},
    {.name = "region",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = region_verbs,
     .since = kAnabranchVersion,
     .usage = "LIST | RETIRE name [LOST] | RESTORE name",
     .help = "The regions ever known.",
     .complexity = "O(1)"},
    {.name = "policy",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = policy_verbs,
     .since = kAnabranchVersion,
     .usage = "LIST | SET kind prefix [BASE] [DB n] | REMOVE prefix [DB n]",
     .help = "The rules between concurrent values, by prefix of keys.",
     .complexity = "O(1)"},
    {.name = "plugin",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = plugin_verbs,
     .since = kAnabranchVersion,
     .usage = "ADD module | LIST | REMOVE name",
     .help = "WebAssembly modules for policies.",
     .complexity = "O(1)"},
    {.name = "conflicts",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = conflict_verbs,
     .since = kAnabranchVersion,
     .usage =
         "LIST [PREFIX p] [DB n] [SINCE ms] [BEFORE id] [LIMIT n] | SHOW id | PUTBACK id | STATS",
     .help = "Values that lost against others, as this leader has seen them.",
     .complexity = "O(1)"},
    {.name = "keys",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = keys_verbs,
     .since = kAnabranchVersion,
     .usage = "RELOAD",
     .help = "The keys of the links.",
     .complexity = "O(1)"},
    {.name = "fork",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = fork_verbs,
     .since = kAnabranchVersion,
     .usage = "LIST | RESOLVE origin [ADOPT]",
     .help = "Origins with two histories.",
     .complexity = "O(1)"},
    {.name = "promote",
     .arity = 2,
     .flags = kLeader | kAdmin,
     .run = promote,
     .since = kAnabranchVersion,
     .help = "Makes a follower a leader of its region.",
     .complexity = "O(1)"},
    {.name = "show",
     .arity = 3,
     .flags = kReads,
     .keys = {key_at(2, kReadsOnly | kAccess)},
     .run = show,
     .since = kAnabranchVersion,
     .usage = "key",
     .help = "A key with its siblings, their regions and times, as JSON.",
     .complexity = "O(N), N the number of rows at the key"},
    {.name = "token",
     .arity = 2,
     .flags = kFast | kAlone,
     .run = take_token,
     .since = kAnabranchVersion,
     .help = "What this connection has seen and written, for SESSION in another region.",
     .complexity = "O(1)"},
    {.name = "session",
     .arity = -3,
     .flags = kAlone,
     .run = enter_session,
     .since = kAnabranchVersion,
     .usage = "token [milliseconds] [FORGET]",
     .help = "Waits until all that a token names is here; FORGET: but for writes that no region "
             "has any more.",
     .complexity = "O(1)"},
    {.name = "wait",
     .arity = -3,
     .flags = kAlone,
     .run = wait_for_regions,
     .since = kAnabranchVersion,
     .usage = "milliseconds [ALL] [COUNT n] [REGION name ...] [APPLIED]",
     .help = "Waits until what this connection has seen has come so far; who has it, as JSON.",
     .complexity = "O(1)"},
    // It may name any key.
    {.name = "once",
     .arity = -4,
     .flags = kWrites | kWhole,
     .run = once,
     .since = kAnabranchVersion,
     .usage = "id command [argument ...]",
     .help =
         "Runs a writing command unless a request with this id was executed in any region: KNOWN.",
     .complexity = "O(1)",
     .merging = "Counts once in all regions, however often and wherever the request is sent, as "
                "long as it is remembered."},
    {.name = "digest",
     .arity = 2,
     .flags = kLeader | kAdmin,
     .run = digest,
     .since = kAnabranchVersion,
     .help = "A hash over all that is visible: equal in regions that have applied the same.",
     .complexity = "O(1)"},
    {.name = "verify",
     .arity = -3,
     .flags = kAdmin,
     .declared_verbs = verify_verbs,
     .since = kAnabranchVersion,
     .usage = "START [region ...] | RESULT",
     .help = "Compares all rows with those of peers.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> anabranch_verbs() { return kVerbs; }

constexpr Command kCommands[] = {
    {.name = "anabranch",
     .arity = -2,
     .flags = kAdmin,
     .declared_verbs = anabranch_verbs,
     .since = kAnabranchVersion,
     .usage = "verb ...",
     .help = "This leader and its peers.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> anabranch_commands() { return kCommands; }

}  // namespace anabranch::server
