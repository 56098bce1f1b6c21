// Sessions, and the reach of writes. A connection is a session: its token covers everything the
// connection has seen, and a connection in another region can continue from it. The rules are those
// of embedded sessions (session_gate.h, reach.h); only waiting differs: here no thread sleeps.

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include <anabranch/session.h>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/commands/session_verbs.h"
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
  Milliseconds patience = kSessionPatience;
  Gone gone = Gone::kRefuse;
};

// Returns nullopt after an error reply.
std::optional<Terms> take_terms(Call& call) {
  Terms terms;
  std::size_t at = 3;
  if (at < call.size() && !same_word(call[at], "forget")) {
    const auto patience = take_patience(call, at++);
    if (!patience) return std::nullopt;
    terms.patience = *patience;
  }
  if (at < call.size() && same_word(call[at], "forget")) {
    terms.gone = Gone::kForget;
    ++at;
  }
  if (at < call.size()) refuse_syntax();
  return terms;
}

// Parses the concern in the words of ANABRANCH WAIT.
Concern take_concern(Call& call) {
  Concern concern;
  for (std::size_t i = 3; i < call.size(); ++i) {
    const bool more = i + 1 < call.size();
    if (same_word(call[i], "all")) {
      concern.all = true;
    } else if (same_word(call[i], "applied")) {
      concern.level = Concern::Level::kApplied;
    } else if (same_word(call[i], "region") && more) {
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

// ---- WAIT of Redis.

void wait_for_replicas(Call& call) {
  const std::optional<std::int64_t> wanted = take_integer(call, 1);
  if (!wanted) return;
  const auto patience = take_patience(call, 2);
  if (!patience) return;
  const auto attempt = [&client = call.client, &host = call.host, wanted = *wanted](bool late) {
    if (!client.trail.settled()) return false;
    const Reach reach = host.leader.reach(client.trail.written(), {}).value_or_raise();
    // This region has the writes, and is not counted.
    const auto others = static_cast<std::int64_t>(reach.have.size()) - 1;
    if (others < wanted && !late) return false;
    client.reply.integer(others);
    return true;
  };
  wait_for(call, *patience == Milliseconds{0} ? kForEver : *patience, attempt);
}

constexpr Command kCommands[] = {
    {"wait",
     3,
     kAlone,
     Right::kConnection,
     {},
     "numreplicas timeout",
     "Waits until so many other regions have this connection's writes on their disks.",
     wait_for_replicas},
};

}  // namespace

void take_token(Call& call) {
  wait_for(call, kForEver, [&client = call.client, &host = call.host](bool) {
    if (!client.trail.settled()) return false;
    client.reply.bulk(host.leader.encode_token(client.trail.seen()));
    return true;
  });
}

void enter_session(Call& call) {
  const std::optional<Terms> terms = take_terms(call);
  if (!terms) return;
  leader::Entrant entrant(call.host.leader.decode_token(call[2]).value_or_raise(), terms->gone);
  wait_for(
      call, terms->patience,
      [&client = call.client, &host = call.host, entrant = std::move(entrant)](bool late) mutable {
        const bool decided = entrant.look(host.leader.lacking(entrant.seen()));
        if (!decided && !late) return false;
        client.trail.bring(entrant.outcome().value_or_raise());
        client.reply.ok();
        return true;
      });
}

void wait_for_regions(Call& call) {
  const auto patience = take_patience(call, 2);
  if (!patience) return;
  const auto attempt = [&client = call.client, &host = call.host,
                        concern = take_concern(call)](bool late) {
    if (!client.trail.settled()) return false;
    const Reach reach = host.leader.reach(client.trail.seen(), concern).value_or_raise();
    if (!reach.met && !late) return false;
    const nlohmann::ordered_json json{
        {"met", reach.met}, {"have", reach.have}, {"lack", reach.lack}};
    client.reply.bulk(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return true;
  };
  wait_for(call, *patience, attempt);
}

std::span<const Command> session_commands() { return kCommands; }

}  // namespace anabranch::server
