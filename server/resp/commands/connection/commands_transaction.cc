// Transactions: the commands between MULTI and EXEC run as one transaction, here and in every
// region. As in Redis, a command that fails inside replies with its error, and the others take
// effect.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/pace.h"
#include "server/resp/admission.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/slices/trial.h"

namespace anabranch::server {
namespace {

void multi(Call& call) {
  if (call.client.queue.open) return call.reply().error("ERR MULTI calls can not be nested");
  call.client.queue.open = true;
  call.reply().ok();
}

void discard(Call& call) {
  if (!call.client.queue.open) return call.reply().error("ERR DISCARD without MULTI");
  call.client.queue.close();
  call.host.watched.forget(call.client);
  call.reply().ok();
}

// A queued command that was run. It is counted when all were: of a transaction that is taken back
// and run again none counts twice.
struct Ran {
  std::uint16_t command = 0;
  bool failed = false;
  std::chrono::nanoseconds took{0};
};

Ran run_queued(Call& call, const Queue::Entry& entry, Arguments words) {
  Call inner{call.client, call.scope, call.host, words, *entry.command, *entry.container};
  inner.queued = true;
  const std::size_t mark = call.reply().mark();
  const SteadyTime begin = steady_now();
  const bool checked =
      entry.user == call.client.user && entry.rights_version == call.host.rights_version;
  if (std::string refusal;
      checked || admit_queued(call.host, call.client, *entry.command, words, refusal)) {
    run(inner);
  } else {
    call.reply().error(refusal);
  }
  return {entry.command->id, call.reply().is_error(mark), steady_now() - begin};
}

void count(CommandCounts& counts, std::span<const Ran> all) {
  for (const Ran& each : all) {
    CommandCount& command = counts.of(each.command);
    command.add(each.took);
    if (each.failed) ++command.failed;
  }
}

void exec(Call& call) {
  if (!call.client.queue.open) return call.reply().error("ERR EXEC without MULTI");
  WatchedKeys& watched = call.host.watched;
  Queue queue = std::exchange(call.client.queue, {});
  if (queue.aborted) {
    watched.forget(call.client);
    return call.reply().error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (watched.watches(call.client) && watched.changed(call.client, call.scope)) {
    watched.forget(call.client);
    return call.reply().null_array();
  }
  const std::uint8_t database = call.client.database;
  const auto take_back = [&] {
    call.client.queue = std::move(queue);
    call.client.database = database;
  };
  std::vector<Ran> ran;
  ran.reserve(queue.entries.size());
  try {
    call.reply().array(queue.entries.size());
    for (const Queue::Entry& entry : queue.entries) {
      core::Pace::breathe(core::Pace::kLook);
      ran.push_back(run_queued(call, entry, queue.words(entry)));
    }
  } catch (const NoRoom&) {
    take_back();
    throw;
  } catch (const Trial::Over&) {
    take_back();
    throw;
  }
  count(call.host.observed.commands, ran);
  watched.forget(call.client);
}

void watch(Call& call) {
  if (call.client.queue.open) return call.reply().error("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view name : call.arguments.subspan(1)) {
    call.host.watched.watch(call.client, name, call.scope);
  }
  call.reply().ok();
}

void unwatch(Call& call) {
  call.host.watched.forget(call.client);
  call.reply().ok();
}

constexpr Command kTransactionCommands[] = {
    {.name = "multi",
     .arity = 1,
     .flags = kFast | kImmediate,
     .run = multi,
     .since = "1.2.0",
     .help = "Starts a transaction.",
     .complexity = "O(1)"},
    {.name = "exec",
     .arity = 1,
     .flags = kExecutes | kImmediate,
     .run = exec,
     .since = "1.2.0",
     .help = "Runs the commands since MULTI as one transaction.",
     .complexity = "That of its commands",
     .caution = "Not isolated from concurrent writes of other regions.",
     .merging = "Atomic, and visible as a whole in all regions."},
    {.name = "discard",
     .arity = 1,
     .flags = kFast | kImmediate,
     .run = discard,
     .since = "2.0.0",
     .help = "Forgets the commands since MULTI.",
     .complexity = "O(1)"},
    {.name = "watch",
     .arity = -2,
     .flags = kFast | kImmediate | kAfterCommit,
     .keys = {keys_from(1, kReadsOnly)},
     .run = watch,
     .since = "2.2.0",
     .usage = "key [key ...]",
     .help = "Lets EXEC run only if nothing at these keys has changed here.",
     .complexity = "O(N), N the number of keys",
     .caution = "No lock across regions: two regions can both execute their transactions.",
     .merging = "Tells of changes that have come to this region: by its clients, by other regions, "
                "by expiry."},
    {.name = "unwatch",
     .arity = 1,
     .flags = kFast,
     .run = unwatch,
     .since = "2.2.0",
     .help = "Forgets the keys that WATCH named.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> transaction_commands() { return kTransactionCommands; }

}  // namespace anabranch::server
