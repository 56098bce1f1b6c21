#include "server/resp/redirection.h"

#include <string_view>

#include "server/address.h"
#include "server/resp/slot.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

// What a request does with keys, and the first of them.
struct Aim {
  std::string_view key;
  bool changes = false;
};

std::optional<Aim> aim_of(const Command& command, Arguments words) {
  std::optional<Aim> aim;
  if (command.shared != nullptr || command.has(kAdmin)) return aim;  // Verbs ask this very member.
  (void)for_each_key(command, words, [&](std::string_view key, const KeySpec& /*spec*/) {
    if (!aim) aim = Aim{key, command.changes()};
  });
  return aim;
}

// Of a transaction: that of its first request with a key, or of its first one that changes a key.
std::optional<Aim> aim_of(const Queue& queue, bool changes) {
  for (const Queue::Entry& entry : queue.entries) {
    if (changes && !entry.command->changes()) continue;
    if (const auto aim = aim_of(*entry.command, queue.words(entry))) return aim;
  }
  return std::nullopt;
}

std::string address_of(const regions::MemberCard& leader, const Client& client) {
  const bool prefers_tls = client.by_tls || leader.announce_redis.empty();
  const bool has_tls = !leader.announce_redis_tls.empty();
  return prefers_tls && has_tls ? leader.announce_redis_tls : leader.announce_redis;
}

}  // namespace

std::optional<std::string> redirection(const Host& host, const Client& client,
                                       const Command& command, Arguments arguments) {
  if (!host.follows || client.verbs_only) return std::nullopt;
  const auto aim =
      command.has(kExecutes) ? aim_of(client.queue, client.reads_here) : aim_of(command, arguments);
  if (!aim || (client.reads_here && !aim->changes)) return std::nullopt;
  const auto leader = host.leader.region_leader();
  if (!leader) return "CLUSTERDOWN Hash slot not served: no leader of this region is known";
  const auto address = parse_address(address_of(*leader, client));
  if (!address.ok()) {
    return "CLUSTERDOWN Hash slot not served: the leader is " + leader->name +
           ", which tells no announce_redis";
  }
  return "MOVED " + std::to_string(slot_of(aim->key)) + ' ' + address.value().host + ':' +
         std::to_string(address.value().port);
}

}  // namespace anabranch::server
