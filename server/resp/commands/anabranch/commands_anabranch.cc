// ANABRANCH, a command without a counterpart in Redis. Most of its verbs are those of the control
// socket, too (control/verbs); those of connections that read and write are here.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "control/http_figures.h"
#include "control/verbs/verb.h"
#include "server/resp/command.h"
#include "server/resp/commands/anabranch/once_verb.h"
#include "server/resp/commands/connection/concern_verbs.h"
#include "server/resp/commands/connection/session_verbs.h"
#include "server/resp/concern/held_answer.h"
#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

using control::Access;
using control::Verb;
using Json = nlohmann::ordered_json;

Json concerns_json(const Host& host) {
  const Concerns::Counts& counts = host.concerns.counts();
  return {{"waiting", held_answers(host)},
          {"met", counts.met},
          {"missed", counts.missed},
          {"ended", counts.ended},
          {"degraded", counts.degraded},
          {"latched", counts.latched},
          {"latched_now", host.concerns.latched()}};
}

Json clients_json(const Host& host) {
  return {{"connected", host.clients.size()},
          {"held_back", host.clients_held_back},
          {"cut", host.statistics.clients_cut},
          {"output_bytes", host.output_bytes},
          {"senders_cut", host.statistics.senders_cut},
          {"input_bytes", host.input_bytes},
          {"concerns", concerns_json(host)}};
}

// How often the leader was opened anew, and when that is due again.
void tell_reopenings(const Reopenings& reopenings, Json& status) {
  status["opened_anew"] = reopenings.count();
  status["opened_anew_why"] = reopenings.why();
  status["opens_anew_in_ms"] = reopenings.due_in(steady_now()).count();
}

// The Redis port, at which a client has sent a verb.
class Port final : public control::Front {
 public:
  explicit Port(Call& call) : call_(call) {}

  [[nodiscard]] StoreStatus status() override { return call_.host.status(); }
  void describe(Json& status) override {
    status["redis"] = call_.host.endpoint;
    status["clients"] = clients_json(call_.host);
    status["commands"] = call_.host.statistics.commands;
    const Observed& observed = call_.host.observed;
    status["lookups"] = {{"found", observed.hits}, {"missed", observed.misses}};
    if (call_.host.reopenings != nullptr) tell_reopenings(*call_.host.reopenings, status);
    control::describe_http(status, call_.host.options.control_directory);
  }
  void note_shown(const Key& row) override {
    call_.client.shown.note(row, call_.host.leader.seen());
  }

 private:
  Call& call_;
};

void run_shared(Call& call) {
  if (call.command.shared->at_socket && !call.client.verbs_only) {
    throw Error(ErrorCode::kInvalid,
                "this is done at the control socket of the data directory alone (--data DIR)");
  }
  Port port(call);
  control::Call inner{call.host.leader, &call.scope,          port,
                      call.arguments,   call.client.database, call.reply()};
  call.command.shared->run(inner);
}

std::uint32_t flags_of(Access access) {
  switch (access) {
    case Access::kNone:
      return kAdmin;
    case Access::kReads:
      return kReads;
    case Access::kBeside:
    case Access::kBetween:
      return kAlone | kAfterCommit | kAdmin;
    case Access::kWrites:
      return kWrites | kAlone | kAdmin;
  }
  return 0;
}

Command command_of(const Verb& verb) {
  Command command{
      .name = verb.name,
      .arity = verb.arity,
      .flags = flags_of(verb.access) | (verb.acts ? kNoted : 0U) | (verb.all_keys ? kAllKeys : 0U),
      .run = verb.run == nullptr ? nullptr : run_shared,
      .shared = &verb,
      .since = kAnabranchVersion,
      .usage = verb.usage,
      .help = verb.help,
      .complexity = verb.complexity,
      .merging = verb.merging};
  if (verb.key != 0) command.keys = {key_at(verb.key, kReadsOnly | kAccess)};
  return command;
}

// The last row of a container.
Command help_of(int arity) {
  return {.name = "help",
          .arity = arity,
          .run = help,
          .since = kAnabranchVersion,
          .help = "Prints this help.",
          .complexity = "O(1)"};
}

constexpr Command kAnabranchVerbs[] = {
    {.name = "token",
     .arity = 2,
     .flags = kFast | kAlone,
     .categories = kInAnabranch | kInConnection,
     .run = take_token,
     .since = kAnabranchVersion,
     .help = "What this connection has seen and written, for SESSION in another region.",
     .complexity = "O(1)"},
    {.name = "session",
     .arity = -3,
     .flags = kAlone,
     .categories = kInAnabranch | kInConnection,
     .run = enter_session,
     .since = kAnabranchVersion,
     .usage = "token [milliseconds] [FORGET]",
     .help = "Waits until all that a token names is here; FORGET: but for writes that no region "
             "has any more.",
     .complexity = "O(1)"},
    {.name = "wait",
     .arity = -3,
     .flags = kAlone,
     .categories = kInAnabranch | kInConnection,
     .run = wait_for_regions,
     .since = kAnabranchVersion,
     .usage = "milliseconds [ALL] [COUNT n] [REGION name ...] [APPLIED]",
     .help = "Waits until what this connection has seen has come so far; who has it, as JSON.",
     .complexity = "O(1)"},
    {.name = "concern",
     .arity = -2,
     .declared_verbs = concern_verbs,
     .since = kAnabranchVersion,
     .help = "How many members must have a write before it is answered.",
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
};

}  // namespace

std::vector<Command> verbs_of(const Verb& container) {
  std::vector<Command> rows;
  for (const Verb& verb : container.verbs()) rows.push_back(command_of(verb));
  const bool outermost = &container == &control::anabranch();
  if (outermost) rows.insert(rows.end(), std::begin(kAnabranchVerbs), std::end(kAnabranchVerbs));
  rows.push_back(help_of(outermost ? 2 : 3));
  return rows;
}

std::span<const Command> anabranch_commands() {
  static const Command command = command_of(control::anabranch());
  return {&command, 1};
}

}  // namespace anabranch::server
