// Commands without a counterpart in Redis: ANABRANCH and its verbs. Structured answers are JSON in
// a bulk string, for the command line and for scripts.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/commands/anabranch/conflict_verbs.h"
#include "server/resp/commands/anabranch/once_verb.h"
#include "server/resp/commands/anabranch/plugin_verbs.h"
#include "server/resp/commands/anabranch/policy_verbs.h"
#include "server/resp/commands/anabranch/show_verb.h"
#include "server/resp/commands/anabranch/status_json.h"
#include "server/resp/commands/anabranch/verdict_json.h"
#include "server/resp/commands/connection/session_verbs.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

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
    {"pause",
     4,
     kLeader,
     Right::kAdmin,
     {},
     "name",
     "Stops the exchange with a peer, both ways, until resumed or restarted.",
     pause},
    {"resume", 4, kLeader, Right::kAdmin, {}, "name", "Goes on with it.", resume},
    {"help", 3, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> peer_verbs() { return kPeerVerbs; }

constexpr Command kKeysVerbs[] = {
    {"reload",
     3,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "Reads the files of keys again: what was added works, what was removed is cut.",
     reload_keys},
    {"help", 3, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> keys_verbs() { return kKeysVerbs; }

constexpr Command kVerifyVerbs[] = {
    {"start",
     -3,
     kLeader,
     Right::kAdmin,
     {},
     "[region ...]",
     "Begins to compare all rows with these regions, or with all peers.",
     verify_start},
    {"result", 3, kLeader, Right::kAdmin, {}, "", "How that stands, as JSON.", verify_result},
    {"help", 3, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> verify_verbs() { return kVerifyVerbs; }

constexpr Command kForkVerbs[] = {
    {"list",
     3,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "Origins with two histories, and who has which, as JSON.",
     fork_list},
    {"resolve",
     -4,
     kLeader,
     Right::kAdmin,
     {},
     "origin [ADOPT]",
     "Gives way to the other history, and writes again what only this side has.",
     fork_resolve},
    {"help", 3, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> fork_verbs() { return kForkVerbs; }
constexpr Command kRegionVerbs[] = {
    {"list", 3, kLeader, Right::kAdmin, {}, "", "Every region ever known, as JSON.", list_regions},
    {"retire",
     -4,
     kWrites | kAlone,
     Right::kAdmin,
     {},
     "name [LOST]",
     "Nobody waits for a region any more; LOST: and it never comes back.",
     retire},
    {"restore",
     4,
     kWrites | kAlone,
     Right::kAdmin,
     {},
     "name",
     "A region that was retired is waited for again.",
     restore},
    {"help", 3, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> region_verbs() { return kRegionVerbs; }

constexpr Command kVerbs[] = {
    {"status",
     2,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "This leader and its peers, as JSON: region, origin, vector, lag.",
     status},
    {"peer",
     -3,
     0,
     Right::kAdmin,
     {},
     "PAUSE | RESUME name",
     "The exchange with a peer.",
     nullptr,
     peer_verbs},
    {"region",
     -3,
     0,
     Right::kAdmin,
     {},
     "LIST | RETIRE name [LOST] | RESTORE name",
     "The regions ever known.",
     nullptr,
     region_verbs},
    {"policy",
     -3,
     0,
     Right::kAdmin,
     {},
     "LIST | SET kind prefix [BASE] [DB n] | REMOVE prefix [DB n]",
     "The rules between concurrent values, by prefix of keys.",
     nullptr,
     policy_verbs},
    {"plugin",
     -3,
     0,
     Right::kAdmin,
     {},
     "ADD module | LIST | REMOVE name",
     "WebAssembly modules for policies.",
     nullptr,
     plugin_verbs},
    {"conflicts",
     -3,
     0,
     Right::kAdmin,
     {},
     "LIST [PREFIX p] [DB n] [SINCE ms] [BEFORE id] [LIMIT n] | SHOW id | PUTBACK id | STATS",
     "Values that lost against others, as this leader has seen them.",
     nullptr,
     conflict_verbs},
    {"keys", -3, 0, Right::kAdmin, {}, "RELOAD", "The keys of the links.", nullptr, keys_verbs},
    {"fork",
     -3,
     0,
     Right::kAdmin,
     {},
     "LIST | RESOLVE origin [ADOPT]",
     "Origins with two histories.",
     nullptr,
     fork_verbs},
    {"promote",
     2,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "Makes a follower a leader of its region.",
     promote},
    {"show",
     3,
     kReads,
     Right::kRead,
     {2, 2, 1},
     "key",
     "A key with its siblings, their regions and times, as JSON.",
     show},
    {"token",
     2,
     kFast | kAlone,
     Right::kRead,
     {},
     "",
     "What this connection has seen and written, for SESSION in another region.",
     take_token},
    {"session",
     -3,
     kAlone,
     Right::kRead,
     {},
     "token [milliseconds] [FORGET]",
     "Waits until all that a token names is here; FORGET: but for writes that no region has any "
     "more.",
     enter_session},
    {"wait",
     -3,
     kAlone,
     Right::kRead,
     {},
     "milliseconds [ALL] [COUNT n] [REGION name ...] [APPLIED]",
     "Waits until what this connection has seen has come so far; who has it, as JSON.",
     wait_for_regions},
    {"once",
     -4,
     kWrites,
     Right::kWrite,
     {},
     "id command [argument ...]",
     "Runs a writing command unless a request with this id was executed in any region: KNOWN.",
     once},
    {"digest",
     2,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "A hash over all that is visible: equal in regions that have applied the same.",
     digest},
    {"verify",
     -3,
     0,
     Right::kAdmin,
     {},
     "START [region ...] | RESULT",
     "Compares all rows with those of peers.",
     nullptr,
     verify_verbs},
    {"help", 2, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> anabranch_verbs() { return kVerbs; }

constexpr Command kCommands[] = {
    {"anabranch",
     -2,
     0,
     Right::kAdmin,
     {},
     "verb ...",
     "This leader and its peers.",
     nullptr,
     anabranch_verbs},
};

}  // namespace

std::span<const Command> anabranch_commands() { return kCommands; }

}  // namespace anabranch::server
