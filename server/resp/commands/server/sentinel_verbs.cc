#include "server/resp/commands/server/sentinel_verbs.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/resp/host.h"
#include "server/resp/members/members_shown.h"

namespace anabranch::server {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string>>;

constexpr std::string_view kNoSuchMaster = "ERR No such master with that name";

std::string text(std::int64_t value) { return std::to_string(value); }

// Whether the name is that of the own region; answers if not.
bool is_known(Call& call) {
  if (call[2] == call.host.options.sentinel_name) return true;
  call.reply().error(kNoSuchMaster);
  return false;
}

bool is_on(Call& call) {
  if (!call.host.options.sentinel_name.empty()) return true;
  call.reply().error("ERR SENTINEL is off: set sentinel_name to the name that clients ask for");
  return false;
}

void write(Writer& reply, const Fields& fields) {
  reply.map(fields.size());
  for (const auto& [name, value] : fields) {
    reply.bulk(name);
    reply.bulk(value);
  }
}

// What Redis tells of each kind of instance.
void add_common(Fields& fields, const MemberStatus& member, std::string flags,
                const StoreStatus& status) {
  const bool is_down = !member.fresh;
  if (is_down) flags += ",s_down";
  if (is_down && member.role == "leads" && leader_of(status) != nullptr) flags += ",o_down";
  const std::string age = text(member.age_ms);
  const std::int64_t after = std::max<std::int64_t>(member.promote_after_ms, 1'000);
  fields.insert(fields.end(), {{"runid", run_id(member)},
                               {"flags", flags},
                               {"link-pending-commands", "0"},
                               {"link-refcount", "1"},
                               {"last-ping-sent", is_down ? age : "0"},
                               {"last-ok-ping-reply", age},
                               {"last-ping-reply", age}});
  if (is_down) fields.emplace_back("s-down-time", age);
  fields.emplace_back("down-after-milliseconds", text(after));
}

Fields place_fields(std::string name, const Place& place) {
  return {{"name", std::move(name)}, {"ip", place.host}, {"port", text(place.port)}};
}

Fields master_fields(const Host& host, const StoreStatus& status, const MemberStatus& leader,
                     const Place& place) {
  Fields fields = place_fields(host.options.sentinel_name, place);
  add_common(fields, leader, "master", status);
  fields.insert(fields.end(), {{"info-refresh", text(leader.age_ms)},
                               {"role-reported", "master"},
                               {"role-reported-time", text(leader.age_ms)},
                               {"config-epoch", std::to_string(leader.reign)},
                               {"num-slaves", std::to_string(followers_of(status).size())},
                               {"num-other-sentinels", std::to_string(sentinels_of(status).size())},
                               {"quorum", "1"},
                               {"failover-timeout", text(leader.promote_after_ms)},
                               {"parallel-syncs", "1"}});
  return fields;
}

void get_address(Call& call) {
  if (!is_on(call)) return;
  if (call[2] != call.host.options.sentinel_name) return call.reply().null_array();
  const StoreStatus status = call.host.status();
  const auto [leader, place] = known_leader(status);
  if (!place) return call.reply().null_array();
  call.reply().array(2);
  call.reply().bulk(place->host);
  call.reply().bulk(text(place->port));
}

void masters(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  const auto [leader, place] = known_leader(status);
  call.reply().array(place ? 1 : 0);
  if (place) write(call.reply(), master_fields(call.host, status, *leader, *place));
}

void master(Call& call) {
  if (!is_on(call) || !is_known(call)) return;
  const StoreStatus status = call.host.status();
  const auto [leader, place] = known_leader(status);
  if (!place) return call.reply().error(kNoSuchMaster);
  write(call.reply(), master_fields(call.host, status, *leader, *place));
}

void replicas(Call& call) {
  if (!is_on(call) || !is_known(call)) return;
  const StoreStatus status = call.host.status();
  const auto [leader, leads_at] = known_leader(status);
  const std::vector<const MemberStatus*> all = followers_of(status);
  call.reply().array(all.size());
  for (const MemberStatus* each : all) {
    const Place place = *place_of(*each);
    Fields fields = place_fields(place.host + ':' + text(place.port), place);
    add_common(fields, *each, "slave", status);
    fields.insert(fields.end(), {{"info-refresh", text(each->age_ms)},
                                 {"role-reported", "slave"},
                                 {"role-reported-time", text(each->age_ms)},
                                 {"master-link-down-time", "0"},
                                 {"master-link-status", each->lag_ms >= 0 ? "ok" : "err"},
                                 {"master-host", leads_at ? leads_at->host : "?"},
                                 {"master-port", text(leads_at ? leads_at->port : 0)},
                                 {"slave-priority", std::to_string(each->rank)},
                                 {"slave-repl-offset", "0"},
                                 {"replica-announced", "1"}});
    write(call.reply(), fields);
  }
}

void list_sentinels(Call& call) {
  if (!is_on(call) || !is_known(call)) return;
  const StoreStatus status = call.host.status();
  const std::vector<const MemberStatus*> all = sentinels_of(status);
  call.reply().array(all.size());
  for (const MemberStatus* each : all) {
    Fields fields = place_fields(run_id(*each), *sentinel_place_of(*each));
    add_common(fields, *each, "sentinel", status);
    fields.insert(fields.end(), {{"last-hello-message", text(each->age_ms)},
                                 {"voted-leader", "?"},
                                 {"voted-leader-epoch", "0"}});
    write(call.reply(), fields);
  }
}

void check_quorum(Call& call) {
  if (!is_on(call) || !is_known(call)) return;
  const StoreStatus status = call.host.status();
  if (leader_of(status) == nullptr) {
    return call.reply().error("NOQUORUM no member of the region is heard that leads it");
  }
  call.reply().status("OK " + std::to_string(sentinels_of(status).size() + 1) +
                      " usable Sentinels. Quorum and failover authorization can be reached");
}

void my_id(Call& call) {
  if (!is_on(call)) return;
  const StoreStatus status = call.host.status();
  call.reply().bulk(run_id(status.members.front()));
}

constexpr Command kSentinelVerbs[] = {
    {.name = "get-master-addr-by-name",
     .arity = 3,
     .categories = kInAnabranchSentinel,
     .run = get_address,
     .since = "2.8.4",
     .usage = "master-name",
     .help = "The host and port that the leader of this region announces; nil for another name.",
     .complexity = "O(N), N the number of members"},
    {.name = "masters",
     .arity = 2,
     .categories = kInAnabranchSentinel,
     .run = masters,
     .since = "2.8.4",
     .help = "The leader of this region, under the name `sentinel_name`.",
     .complexity = "O(N), N the number of members"},
    {.name = "master",
     .arity = 3,
     .categories = kInAnabranchSentinel,
     .run = master,
     .since = "2.8.4",
     .usage = "master-name",
     .help = "What is known of the leader of this region.",
     .complexity = "O(N), N the number of members"},
    {.name = "replicas",
     .arity = 3,
     .categories = kInAnabranchSentinel,
     .run = replicas,
     .since = "5.0.0",
     .usage = "master-name",
     .help = "The followers of this region that announce an address.",
     .complexity = "O(N), N the number of members"},
    {.name = "slaves",
     .arity = 3,
     .categories = kInAnabranchSentinel,
     .run = replicas,
     .since = "2.8.0",
     .usage = "master-name",
     .help = "As SENTINEL REPLICAS.",
     .complexity = "O(N), N the number of members",
     .deprecated_since = "5.0.0",
     .replaced_by = "`SENTINEL REPLICAS`"},
    {.name = "sentinels",
     .arity = 3,
     .categories = kInAnabranchSentinel,
     .run = list_sentinels,
     .since = "2.8.4",
     .usage = "master-name",
     .help = "The other members of this region that set `announce_sentinel`.",
     .complexity = "O(N), N the number of members"},
    {.name = "ckquorum",
     .arity = 3,
     .categories = kInAnabranchSentinel,
     .run = check_quorum,
     .since = "2.8.4",
     .usage = "master-name",
     .help = "OK while a leader of this region is heard. There are no votes.",
     .complexity = "O(N), N the number of members"},
    {.name = "myid",
     .arity = 2,
     .categories = kInAnabranchSentinel,
     .run = my_id,
     .since = "6.2.0",
     .help = "The node of this member, and eight zeros.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 2,
     .categories = kInAnabranchSentinel,
     .run = help,
     .since = "6.2.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> sentinel_verbs() { return kSentinelVerbs; }

}  // namespace anabranch::server
