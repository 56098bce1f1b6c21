// CLUSTER and its kin: the members of this region, as a Redis Cluster of one shard.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/verbs/words.h"
#include "server/resp/admission.h"
#include "server/resp/host.h"
#include "server/resp/members/members_shown.h"
#include "server/resp/slices/long_answer.h"
#include "server/resp/slot.h"

namespace anabranch::server {

using control::printable;

namespace {

bool is_on(Call& call) {
  if (call.host.options.redis_cluster) return true;
  call.reply().error("ERR This instance has cluster support disabled: set redis_cluster");
  return false;
}

// A member that clients can be sent to.
struct Node {
  const MemberStatus* member;
  Place place;
  bool leads = false;

  [[nodiscard]] std::string address() const {
    return place.host + ':' + std::to_string(place.port);
  }
};

// The leader, where one is known that announces an address, and then its followers. The members
// belong to the status.
std::vector<Node> nodes_of(const StoreStatus& status, const Client& client) {
  std::vector<Node> nodes;
  const MemberStatus* const leader = leader_of(status);
  const auto place = leader == nullptr ? std::nullopt : place_of(*leader, client.by_tls);
  if (!place) return nodes;
  nodes.push_back({leader, *place, true});
  for (const MemberStatus* each : followers_of(status)) {
    nodes.push_back({each, *place_of(*each, client.by_tls)});
  }
  return nodes;
}

// Whether a client can learn the members here; else it has heard an error. No client must take an
// empty list for an answer: node-redis forgets with it all that it knew, and never asks again.
bool is_known(Call& call, const std::vector<Node>& nodes) {
  if (!nodes.empty()) return true;
  call.reply().error(
      "CLUSTERDOWN no leader of this region is known, or it tells no announce_redis");
  return false;
}

void slots(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  const std::vector<Node> nodes = nodes_of(status, call.client);
  if (!is_known(call, nodes)) return;
  Writer& reply = call.reply();
  reply.array(1);
  reply.array(2 + nodes.size());
  reply.integer(0);
  reply.integer(kSlots - 1);
  for (const Node& node : nodes) {
    reply.array(4);
    reply.bulk(node.place.host);
    reply.integer(node.place.port);
    reply.bulk(run_id(*node.member));
    reply.array(0);
  }
}

void shards(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  const std::vector<Node> nodes = nodes_of(status, call.client);
  if (!is_known(call, nodes)) return;
  Writer& reply = call.reply();
  reply.array(1);
  reply.map(2);
  reply.bulk("slots");
  reply.array(2);
  reply.integer(0);
  reply.integer(kSlots - 1);
  reply.bulk("nodes");
  reply.array(nodes.size());
  for (const Node& node : nodes) {
    reply.map(7);
    reply.bulk("id");
    reply.bulk(run_id(*node.member));
    reply.bulk(call.client.by_tls ? "tls-port" : "port");
    reply.integer(node.place.port);
    reply.bulk("ip");
    reply.bulk(node.place.host);
    reply.bulk("endpoint");
    reply.bulk(node.place.host);
    reply.bulk("role");
    reply.bulk(node.leads ? "master" : "replica");
    reply.bulk("replication-offset");
    reply.integer(0);
    reply.bulk("health");
    reply.bulk(node.member->fresh ? "online" : "fail");
  }
}

// A line of CLUSTER NODES. There is no port for the bus of a cluster.
std::string line_of(const Node& node, const Node& leader) {
  const MemberStatus& member = *node.member;
  std::string flags = member.self ? "myself," : "";
  flags += node.leads ? "master" : "slave";
  if (!member.fresh) flags += ",fail?";
  return run_id(member) + ' ' + node.address() + "@0 " + flags + ' ' +
         (node.leads ? "-" : run_id(*leader.member)) + " 0 0 " + std::to_string(member.reign) +
         (member.fresh ? " connected" : " disconnected") +
         (node.leads ? " 0-" + std::to_string(kSlots - 1) : "");
}

void list_nodes(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  const std::vector<Node> nodes = nodes_of(status, call.client);
  if (!is_known(call, nodes)) return;
  std::string lines;
  for (const Node& node : nodes) lines += line_of(node, nodes.front()) + '\n';
  call.reply().bulk(lines);
}

void replicas(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  const std::vector<Node> nodes = nodes_of(status, call.client);
  const auto named = [&](const Node& node) { return run_id(*node.member) == call[2]; };
  const auto found = std::ranges::find_if(nodes, named);
  if (found == nodes.end()) {
    return call.reply().error("ERR Unknown node " + std::string(printable(call[2])));
  }
  if (!found->leads) return call.reply().error("ERR The specified node is not a master");
  call.reply().array(nodes.size() - 1);
  for (const Node& node : nodes) {
    if (!node.leads) call.reply().bulk(line_of(node, nodes.front()));
  }
}

void describe(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  const std::vector<Node> nodes = nodes_of(status, call.client);
  const std::string reign = std::to_string(nodes.empty() ? 0 : nodes.front().member->reign);
  const std::string served = nodes.empty() ? "0" : std::to_string(kSlots);
  const std::string failed = nodes.empty() ? std::to_string(kSlots) : "0";
  const std::array<std::pair<std::string_view, std::string>, 11> lines{{
      {"cluster_state", nodes.empty() ? "fail" : "ok"},
      {"cluster_slots_assigned", std::to_string(kSlots)},
      {"cluster_slots_ok", served},
      {"cluster_slots_pfail", "0"},
      {"cluster_slots_fail", failed},
      {"cluster_known_nodes", std::to_string(nodes.size())},
      {"cluster_size", nodes.empty() ? "0" : "1"},
      {"cluster_current_epoch", reign},
      {"cluster_my_epoch", reign},
      {"cluster_stats_messages_sent", "0"},
      {"cluster_stats_messages_received", "0"},
  }};
  std::string text;
  for (const auto& [name, value] : lines) text.append(name).append(":" + value + "\r\n");
  call.reply().bulk(text);
}

void my_id(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  call.reply().bulk(run_id(status.members.front()));
}

void key_slot(Call& call) {
  if (is_on(call)) call.reply().integer(slot_of(call[2]));
}

// Returns nullopt after an error reply.
std::optional<std::uint16_t> take_slot(Call& call) {
  const std::optional<std::int64_t> slot = take_integer(call, 2);
  if (!slot) return std::nullopt;
  if (*slot >= 0 && *slot < kSlots) return static_cast<std::uint16_t>(*slot);
  call.reply().error("ERR Invalid slot");
  return std::nullopt;
}

void count_keys(Call& call) {
  if (!is_on(call)) return;
  const auto slot = take_slot(call);
  if (!slot) return;
  LongAnswer answer(call);
  answer.names(call.all_keys(), [&](const std::string& name) {
    if (slot_of(name) == *slot && may_see(call.client, name)) answer.found();
  });
  call.reply().integer(static_cast<std::int64_t>(answer.total()));
}

void keys_in(Call& call) {
  if (!is_on(call)) return;
  const auto slot = take_slot(call);
  if (!slot) return;
  const std::optional<std::int64_t> most = take_integer(call, 3);
  if (!most) return;
  if (*most < 0) return call.reply().error("ERR Invalid number of keys");
  const auto limit = static_cast<std::size_t>(*most);
  LongAnswer answer(call);
  answer.names(call.all_keys(), [&](const std::string& name) {
    if (answer.total() >= limit || slot_of(name) != *slot) return;
    if (!may_see(call.client, name)) return;
    call.reply().bulk(name);
    answer.found();
  });
  answer.enclose(Writer::Aggregate::kArray);
}

void no_links(Call& call) {
  if (is_on(call)) call.reply().array(0);
}

void no_failures(Call& call) {
  if (is_on(call)) call.reply().integer(0);
}

// By verb, the way in which the same is done here.
void refuse(Call& call) {
  if (!is_on(call)) return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kWays{{
      {"failover", "anabranch handover"},
      {"forget", "anabranch region retire REGION --lost MEMBER"},
      {"meet", "the setting peers of the new member"},
      {"replicate", "anabranch serve --follower"},
  }};
  const auto way = std::ranges::find(kWays, call.command.name, &decltype(kWays)::value_type::first);
  call.reply().error("ERR the region is one shard with all slots" +
                     (way == kWays.end() ? std::string() : "; use " + std::string(way->second)));
}

// ---- READONLY, READWRITE, ASKING

void readonly(Call& call) {
  if (!is_on(call)) return;
  call.client.reads_here = true;
  call.reply().ok();
}

void readwrite(Call& call) {
  if (!is_on(call)) return;
  call.client.reads_here = false;
  call.reply().ok();
}

// No slot is ever on its way to another shard.
void asking(Call& call) {
  if (is_on(call)) call.reply().ok();
}

constexpr Command kClusterVerbs[] = {
    {.name = "slots",
     .arity = 2,
     .run = slots,
     .since = "3.0.0",
     .help =
         "The slots, all of them at one shard, with the leader of this region and its followers.",
     .complexity = "O(N), N the number of members",
     .deprecated_since = "7.0.0",
     .replaced_by = "`CLUSTER SHARDS`"},
    {.name = "shards",
     .arity = 2,
     .run = shards,
     .since = "7.0.0",
     .help = "The same, and the role and health of each.",
     .complexity = "O(N), N the number of members"},
    {.name = "nodes",
     .arity = 2,
     .run = list_nodes,
     .since = "3.0.0",
     .help = "The same, a line for each member.",
     .complexity = "O(N), N the number of members"},
    {.name = "replicas",
     .arity = 3,
     .flags = kAdmin,
     .run = replicas,
     .since = "5.0.0",
     .usage = "node-id",
     .help = "The followers of a leader.",
     .complexity = "O(N), N the number of members"},
    {.name = "slaves",
     .arity = 3,
     .flags = kAdmin,
     .run = replicas,
     .since = "3.0.0",
     .usage = "node-id",
     .help = "As CLUSTER REPLICAS.",
     .complexity = "O(N), N the number of members",
     .deprecated_since = "5.0.0",
     .replaced_by = "`CLUSTER REPLICAS`"},
    {.name = "info",
     .arity = 2,
     .run = describe,
     .since = "3.0.0",
     .help = "Whether a leader is known.",
     .complexity = "O(N), N the number of members"},
    {.name = "myid",
     .arity = 2,
     .run = my_id,
     .since = "3.0.0",
     .help = "The node of this member, and eight zeros.",
     .complexity = "O(1)"},
    {.name = "keyslot",
     .arity = 3,
     .run = key_slot,
     .since = "3.0.0",
     .usage = "key:string",
     .help = "The slot of a key.",
     .complexity = "O(N), N the length of the key"},
    {.name = "countkeysinslot",
     .arity = 3,
     .flags = kAfterCommit | kWhole | kLong,
     .run = count_keys,
     .since = "3.0.0",
     .usage = "slot:integer",
     .help = "How many keys a slot has.",
     .complexity = "O(N), N the number of all keys"},
    {.name = "getkeysinslot",
     .arity = 4,
     .flags = kAfterCommit | kWhole | kLong,
     .run = keys_in,
     .since = "3.0.0",
     .usage = "slot:integer count",
     .help = "At most so many of them.",
     .complexity = "O(N), N the number of all keys"},
    {.name = "links",
     .arity = 2,
     .run = no_links,
     .since = "7.0.0",
     .help = "None: members are no nodes of a bus.",
     .complexity = "O(1)"},
    {.name = "count-failure-reports",
     .arity = 3,
     .flags = kAdmin,
     .run = no_failures,
     .since = "3.0.0",
     .usage = "node-id",
     .help = "0: members do not vote.",
     .complexity = "O(1)"},
    {.name = "failover",
     .arity = -2,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "[FORCE | TAKEOVER]",
     .help = "Refused: `anabranch handover` does it.",
     .complexity = "O(1)"},
    {.name = "forget",
     .arity = 3,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "node-id",
     .help = "Refused: `anabranch region retire REGION --lost MEMBER` does it.",
     .complexity = "O(1)"},
    {.name = "meet",
     .arity = -4,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "ip port:integer [cluster_bus_port:integer]",
     .help = "Refused: the setting `peers` of the new member does it.",
     .complexity = "O(1)"},
    {.name = "replicate",
     .arity = 3,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "node-id",
     .help = "Refused: `anabranch serve --follower` does it.",
     .complexity = "O(1)"},
    {.name = "reset",
     .arity = -2,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "[HARD | SOFT]",
     .help = "Refused.",
     .complexity = "O(1)"},
    {.name = "addslots",
     .arity = -3,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "slot:integer [slot:integer ...]",
     .help = "Refused: the one shard has all slots.",
     .complexity = "O(1)"},
    {.name = "delslots",
     .arity = -3,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "slot:integer [slot:integer ...]",
     .help = "Refused.",
     .complexity = "O(1)"},
    {.name = "setslot",
     .arity = -4,
     .flags = kAdmin,
     .run = refuse,
     .since = "3.0.0",
     .usage = "slot:integer <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
     .help = "Refused.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "5.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> verbs() { return kClusterVerbs; }

constexpr Command kClusterCommands[] = {
    {.name = "cluster",
     .arity = -2,
     .declared_verbs = verbs,
     .since = "3.0.0",
     .help = "The members of this region, as a Redis Cluster of one shard. Needs `redis_cluster`.",
     .complexity = "That of the verb"},
    {.name = "readonly",
     .arity = 1,
     .flags = kFast,
     .categories = kInConnection,
     .run = readonly,
     .since = "3.0.0",
     .help = "From now on a follower answers the reads of this client, and does not send it to the "
             "leader. Needs `redis_cluster`.",
     .complexity = "O(1)"},
    {.name = "readwrite",
     .arity = 1,
     .flags = kFast,
     .categories = kInConnection,
     .run = readwrite,
     .since = "3.0.0",
     .help = "No longer. Needs `redis_cluster`.",
     .complexity = "O(1)"},
    {.name = "asking",
     .arity = 1,
     .flags = kFast,
     .categories = kInConnection,
     .run = asking,
     .since = "3.0.0",
     .help = "OK, without a meaning: no slot is ever on its way. Needs `redis_cluster`.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> cluster_commands() { return kClusterCommands; }

}  // namespace anabranch::server
