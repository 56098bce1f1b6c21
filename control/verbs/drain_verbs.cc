#include "control/verbs/drain_verbs.h"

#include <nlohmann/json.hpp>

#include "core/log.h"
#include "core/version_vector.h"
#include "leader/scopes/group_writer.h"

namespace anabranch::control {
namespace {

void drain(Call& call, bool on) {
  leader::GroupWriter& writer = call.leader.writer();
  if (writer.draining() != on) {
    core::log_info(call.leader.region(), on ? "takes no writes of applications: it is being drained"
                                            : "takes writes again: it is no longer being drained");
  }
  writer.drain(on);
}

// The token names all that this leader has; nothing is added by applications after it.
void start(Call& call) {
  drain(call, true);
  call.reply().bulk(call.leader.encode_token(*call.leader.seen()));
}

void result(Call& call) {
  const core::VersionVector seen = call.leader.decode_token(call[3]).value_or_raise();
  const ReplicationProgress progress =
      call.leader.replication_progress(seen, {.all = true}).value_or_raise();
  const nlohmann::ordered_json json = {{"draining", call.leader.writer().draining()},
                                       {"have", progress.have},
                                       {"lack", progress.lack},
                                       {"never_met", progress.never_met}};
  call.reply().bulk(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void stop(Call& call) {
  drain(call, false);
  call.reply().ok();
}

constexpr Verb kDrainVerbs[] = {
    {.name = "start",
     .arity = 3,
     .access = Access::kBetween,
     .acts = true,
     .run = start,
     .help = "Refuses the writes of applications; answers with a token of all that is written."},
    {.name = "result",
     .arity = 4,
     .access = Access::kBetween,
     .run = result,
     .usage = "token",
     .help = "The regions that have all that on their disks, and those that lack some, as JSON.",
     .complexity = "O(N), N the number of regions"},
    {.name = "stop",
     .arity = 3,
     .access = Access::kBetween,
     .acts = true,
     .run = stop,
     .help = "Takes writes again. So does a restart."},
};

}  // namespace

std::span<const Verb> drain_verbs() { return kDrainVerbs; }

}  // namespace anabranch::control
