// The server: its identity, statistics and capabilities.

#include <string>

#include "core/wall_clock.h"
#include "server/resp/admission.h"
#include "server/resp/command.h"
#include "server/resp/commands/server/acl_verbs.h"
#include "server/resp/commands/server/command_verbs.h"
#include "server/resp/commands/server/config_verbs.h"
#include "server/resp/commands/server/info.h"
#include "server/resp/commands/server/memory_verbs.h"
#include "server/resp/commands/server/save_time.h"
#include "server/resp/commands/server/sentinel_verbs.h"
#include "server/resp/commands/server/timing_verbs.h"
#include "server/resp/host.h"
#include "server/resp/members/members_shown.h"

namespace anabranch::server {
namespace {

void info(Call& call) {
  const bool all_keys = sees_all_keys(call.client);
  if (call.client.at_sentinel) {
    return call.reply().verbatim(make_sentinel_info(call.host, call.arguments.subspan(1)));
  }
  call.reply().verbatim(make_info(call.host, call.scope, all_keys, call.arguments.subspan(1)));
}

void time(Call& call) {
  const core::Millis now = core::SystemClock().now_ms();
  call.reply().array(2);
  call.reply().bulk(std::to_string(now / 1000));
  call.reply().bulk(std::to_string(now % 1000 * 1000));
}

void write_place(Writer& reply, const Place& place) {
  reply.bulk(place.host);
  reply.bulk(std::to_string(place.port));
}

// Of a Sentinel: the names of the regions that it knows.
void role_of_sentinel(Call& call) {
  call.reply().array(2);
  call.reply().bulk("sentinel");
  call.reply().array(1);
  call.reply().bulk(call.host.options.sentinel_name);
}

void role(Call& call) {
  if (call.client.at_sentinel) return role_of_sentinel(call);
  const StoreStatus status = call.host.status();
  const auto offset = static_cast<std::int64_t>(status.log_records);
  Writer& reply = call.reply();
  if (!status.follower) {
    std::vector<const MemberStatus*> followers = followers_of(status);
    std::erase_if(followers, [](const MemberStatus* each) { return !each->fresh; });
    reply.array(3);
    reply.bulk("master");
    reply.integer(offset);
    reply.array(followers.size());
    for (const MemberStatus* each : followers) {
      reply.array(3);
      write_place(reply, *place_of(*each));
      reply.bulk(std::to_string(offset));
    }
    return;
  }
  const MemberStatus* const leader = leader_of(status);
  const auto place = leader == nullptr ? std::nullopt : place_of(*leader);
  reply.array(5);
  reply.bulk("slave");
  reply.bulk(place ? place->host : std::string());
  reply.integer(place ? place->port : 0);
  reply.bulk(leader != nullptr ? "connected" : "connect");
  reply.integer(offset);
}

// ---- All that was answered is on disk, unless the durability is less than "sync".

void save(Call& call) {
  call.host.leader.sync().value_or_raise();
  call.reply().ok();
}

void bgsave(Call& call) {
  const bool valid = call.size() == 1 || (call.size() == 2 && same_word(call[1], "schedule"));
  if (!valid) return call.reply().error(kSyntaxError);
  call.host.leader.sync().value_or_raise();
  call.reply().status("Background saving started");
}

void lastsave(Call& call) { call.reply().integer(save_time_s(call.host.status())); }

// The loop ends after this turn: the writes of the turn are committed, and its clients answered.
void shutdown(Call& call) {
  bool valid = true;
  bool aborts = false;
  for (const std::string_view word : call.arguments.subspan(1)) {
    aborts = aborts || same_word(word, "abort");
    valid = valid && (same_word(word, "nosave") || same_word(word, "save") ||
                      same_word(word, "now") || same_word(word, "force") || aborts);
  }
  if (!valid || (aborts && call.size() > 2)) return call.reply().error(kSyntaxError);
  if (aborts) return call.reply().error("ERR No shutdown in progress.");
  call.host.stopping = call.client.address;
  call.client.closing = true;
}

void monitor(Call& call) {
  if (call.host.monitors.add(call.client)) return call.reply().ok();
  call.reply().error("ERR this server has " + std::to_string(Monitors::kMax) +
                     " clients in MONITOR, and takes no more of them");
}

constexpr Command kServerCommands[] = {
    {.name = "info",
     .arity = -1,
     .flags = kAfterCommit | kFewNames,
     .categories = kInDangerous,
     .run = info,
     .since = "1.0.0",
     .usage = "[section ...]",
     .help = "What the server is and has done. Users who may not use all keys get no sections that "
             "count keys, or name commands.",
     .complexity = "O(N), N the number of databases"},
    {.name = "config",
     .arity = -2,
     .declared_verbs = config_verbs,
     .since = "2.0.0",
     .help = "Parameters and counters.",
     .complexity = "That of the verb"},
    {.name = "command",
     .arity = -1,
     .categories = kInConnection,
     .run = describe_commands,
     .declared_verbs = command_verbs,
     .since = "2.8.13",
     .help = "This table.",
     .complexity = "O(N), N the number of commands"},
    {.name = "acl",
     .arity = -2,
     .declared_verbs = acl_verbs,
     .since = "6.0.0",
     .help = "Users and their rights.",
     .complexity = "That of the verb"},
    {.name = "time",
     .arity = 1,
     .flags = kFast,
     .run = time,
     .since = "2.6.0",
     .help = "The time of day: seconds, microseconds.",
     .complexity = "O(1)"},
    {.name = "slowlog",
     .arity = -2,
     .declared_verbs = slowlog_verbs,
     .since = "2.2.12",
     .help = "The slowest commands.",
     .complexity = "That of the verb"},
    {.name = "latency",
     .arity = -2,
     .declared_verbs = latency_verbs,
     .since = "2.8.13",
     .help = "What took long, and when.",
     .complexity = "That of the verb"},
    {.name = "memory",
     .arity = -2,
     .declared_verbs = memory_verbs,
     .since = "4.0.0",
     .help = "What keys take.",
     .complexity = "That of the verb"},
    {.name = "sentinel",
     .arity = -2,
     .declared_verbs = sentinel_verbs,
     .since = "2.8.4",
     .help = "Who leads this region, as a Sentinel of Redis tells it. Needs `sentinel_name`.",
     .complexity = "That of the verb"},
    {.name = "monitor",
     .arity = 1,
     .flags = kAdmin | kAlone | kAllKeys,
     .run = monitor,
     .since = "1.0.0",
     .help = "Shows every command that any client sends from now on, but passwords.",
     .complexity = "O(1)"},
    {.name = "role",
     .arity = 1,
     .flags = kFast,
     .categories = kInAdmin | kInDangerous,
     .run = role,
     .since = "2.8.12",
     .help = "Whether this server takes writes, and where its followers, or its leader, are.",
     .complexity = "O(1)"},
    {.name = "save",
     .arity = 1,
     .flags = kAdmin | kAlone | kAfterCommit,
     .run = save,
     .since = "1.0.0",
     .help = "Waits until all writes are on disk. With durability `sync` they are when they are "
             "answered.",
     .complexity = "O(1)"},
    {.name = "bgsave",
     .arity = -1,
     .flags = kAdmin | kAfterCommit,
     .run = bgsave,
     .since = "1.0.0",
     .usage = "[SCHEDULE]",
     .help = "As SAVE: all writes are on disk when it answers.",
     .complexity = "O(1)"},
    {.name = "lastsave",
     .arity = 1,
     .flags = kFast,
     .categories = kInAdmin | kInDangerous,
     .run = lastsave,
     .since = "1.0.0",
     .help = "The time up to which all answered writes are on disk. With durability `sync` the "
             "present.",
     .complexity = "O(1)"},
    {.name = "shutdown",
     .arity = -1,
     .flags = kAdmin | kAlone | kNoted,
     .run = shutdown,
     .since = "1.0.0",
     .usage = "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
     .help = "Stops the server.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> server_commands() { return kServerCommands; }

}  // namespace anabranch::server
