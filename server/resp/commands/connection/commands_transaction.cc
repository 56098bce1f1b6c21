// Transactions: the commands between MULTI and EXEC run as one transaction, here and in every
// region. As in Redis, a command that fails inside replies with its error, and the others take
// effect.

#include <utility>
#include <vector>

#include "server/resp/command.h"

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
  call.reply().ok();
}

void exec(Call& call) {
  if (!call.client.queue.open) return call.reply().error("ERR EXEC without MULTI");
  Queue queue = std::exchange(call.client.queue, {});
  if (queue.aborted) {
    return call.reply().error("EXECABORT Transaction discarded because of previous errors.");
  }
  const std::uint8_t database = call.client.database;
  try {
    call.reply().array(queue.entries.size());
    for (const Queue::Entry& entry : queue.entries) {
      const std::vector<std::string_view> words(entry.arguments.begin(), entry.arguments.end());
      Call inner{call.client, call.scope, call.host, words, *entry.command, *entry.container};
      run(inner);
    }
  } catch (const NoRoom&) {
    call.client.queue = std::move(queue);
    call.client.database = database;
    throw;
  }
}

void watch(Call& call) {
  if (call.client.queue.open) return call.reply().error("ERR WATCH inside MULTI is not allowed");
  call.reply().error("ERR WATCH is not supported: other regions write without asking this one");
}

void unwatch(Call& call) { call.reply().ok(); }

constexpr Command kCommands[] = {
    {"multi", 1, kFast | kImmediate, Right::kConnection, {}, "", "Starts a transaction.", multi},
    {"exec",
     1,
     kWrites | kImmediate,
     Right::kConnection,
     {},
     "",
     "Runs the commands since MULTI as one transaction.",
     exec},
    {"discard",
     1,
     kFast | kImmediate,
     Right::kConnection,
     {},
     "",
     "Forgets the commands since MULTI.",
     discard},
    {"watch",
     -2,
     kFast | kImmediate,
     Right::kConnection,
     {1, -1, 1},
     "key [key ...]",
     "Is not supported.",
     watch},
    {"unwatch", 1, kFast, Right::kConnection, {}, "", "Nothing is ever watched.", unwatch},
};

}  // namespace

std::span<const Command> transaction_commands() { return kCommands; }

}  // namespace anabranch::server
