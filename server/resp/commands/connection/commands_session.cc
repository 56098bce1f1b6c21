// Sessions, and the reach of writes. A connection is a session: its token covers everything the
// connection has seen, and a connection in another region can continue from it. The rules are those
// of embedded sessions (session_wait.h, replication_progress.h); only waiting differs: here no
// thread sleeps.

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include <anabranch/session.h>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/commands/connection/session_verbs.h"
#include "server/resp/host.h"
#include "server/resp/waiting.h"

namespace anabranch::server {
namespace {

using Milliseconds = std::chrono::milliseconds;

// The default of SESSION.
constexpr Milliseconds kSessionPatience{500};

[[noreturn]] void refuse_syntax() { throw Error(ErrorCode::kInvalid, "syntax error"); }

// The words of SESSION behind the token.
struct Terms {
  Milliseconds timeout = kSessionPatience;
  LostWrites gone = LostWrites::kFail;
};

// Returns nullopt after an error reply.
std::optional<Terms> take_terms(Call& call) {
  Terms terms;
  std::size_t at = 3;
  if (at < call.size() && !same_word(call[at], "forget")) {
    const auto timeout = parse_timeout(call, at++);
    if (!timeout) return std::nullopt;
    terms.timeout = *timeout;
  }
  if (at < call.size() && same_word(call[at], "forget")) {
    terms.gone = LostWrites::kIgnore;
    ++at;
  }
  if (at < call.size()) refuse_syntax();
  return terms;
}

// The regions are looked at again with each commit, as long as the client waits.
constexpr std::size_t kRegionsMax = 1000;

// Parses the concern in the words of ANABRANCH WAIT.
WriteConcern parse_concern(Call& call) {
  WriteConcern concern;
  for (std::size_t i = 3; i < call.size(); ++i) {
    const bool more = i + 1 < call.size();
    if (same_word(call[i], "all")) {
      concern.all = true;
    } else if (same_word(call[i], "applied")) {
      concern.level = WriteConcern::Level::kApplied;
    } else if (same_word(call[i], "region") && more) {
      if (concern.regions.size() >= kRegionsMax) {
        throw Error(ErrorCode::kInvalid,
                    "at most " + std::to_string(kRegionsMax) + " regions can be waited for");
      }
      concern.regions.emplace_back(call[++i]);
    } else if (same_word(call[i], "count") && more) {
      const auto count = core::parse_integer(call[++i]);
      if (!count || *count < 0) throw Error(ErrorCode::kInvalid, "COUNT is no number of regions");
      concern.count = static_cast<std::size_t>(*count);
    } else {
      refuse_syntax();
    }
  }
  return concern;
}

// CLIENT UNBLOCK may end the wait, if there is one.
void make_unblockable(Client& client) {
  if (client.wait) client.wait->unblockable = true;
}

// ---- WAIT of Redis.

void wait_for_replicas(Call& call) {
  const std::optional<std::int64_t> wanted = take_integer(call, 1);
  if (!wanted) return;
  const auto timeout = parse_timeout(call, 2);
  if (!timeout) return;
  const auto attempt = [&client = call.client, &host = call.host, wanted = *wanted,
                        queued = call.queued](bool late) {
    if (!client.session.stamped() && !queued) return false;
    const ReplicationProgress progress =
        host.leader.replication_progress(client.session.written(), {}).value_or_raise();
    // This region has the writes, and is not counted.
    const auto others = static_cast<std::int64_t>(progress.have.size()) - 1;
    if (others < wanted && !late && !queued) return false;
    client.reply.integer(others);
    return true;
  };
  wait_for(call, *timeout == Milliseconds{0} ? kForEver : *timeout, attempt);
  make_unblockable(call.client);
}

constexpr Command kSessionCommands[] = {
    {.name = "wait",
     .arity = 3,
     .categories = kInConnection,
     .run = wait_for_replicas,
     .since = "3.0.0",
     .usage = "numreplicas timeout",
     .help = "Waits until so many other regions have this connection's writes on their disks.",
     .complexity = "O(number of regions)",
     .merging = "Within MULTI it replies at once."},
};

}  // namespace

void take_token(Call& call) {
  wait_for(call, kForEver, [&client = call.client, &host = call.host](bool) {
    if (!client.session.stamped()) return false;
    client.reply.bulk(host.leader.encode_token(client.session.seen()));
    return true;
  });
}

void enter_session(Call& call) {
  const std::optional<Terms> terms = take_terms(call);
  if (!terms) return;
  leader::SessionWait wait(call.host.leader.decode_token(call[2]).value_or_raise(), terms->gone);
  wait_for(call, terms->timeout,
           [&client = call.client, &host = call.host, wait = std::move(wait)](bool late) mutable {
             const bool decided = wait.look(host.leader.missing_writes(wait.seen()));
             if (!decided && !late) return false;
             client.session.bring(wait.outcome().value_or_raise());
             client.reply.ok();
             return true;
           });
  make_unblockable(call.client);
}

void wait_for_regions(Call& call) {
  const auto timeout = parse_timeout(call, 2);
  if (!timeout) return;
  const auto attempt = [&client = call.client, &host = call.host,
                        concern = parse_concern(call)](bool late) {
    if (!client.session.stamped()) return false;
    const ReplicationProgress progress =
        host.leader.replication_progress(client.session.seen(), concern).value_or_raise();
    if (!progress.met && !late) return false;
    const nlohmann::ordered_json json{
        {"met", progress.met}, {"have", progress.have}, {"lack", progress.lack}};
    client.reply.bulk(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return true;
  };
  wait_for(call, *timeout, attempt);
  make_unblockable(call.client);
}

std::span<const Command> session_commands() { return kSessionCommands; }

}  // namespace anabranch::server
