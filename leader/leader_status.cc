#include "leader/leader_status.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "leader/health/footprint.h"
#include "leader/storage_options.h"
#include "transport/address.h"

namespace anabranch::leader {

using regions::Peer;
using regions::Replica;
using regions::Retirement;

namespace {

using core::VersionVector;

// The data about links that are down.
struct Links {
  const LinkLog& log;
  std::vector<transport::DialStatus> dials;
};

// Returns the address dialled for a peer; empty if the peer dialled this leader.
std::string dialled(const regions::Exchange& exchange, const Peer& peer) {
  for (const auto& [id, link] : exchange.links().all()) {
    if (link.peer == peer.origin && !link.address.empty()) return link.address;
  }
  return {};
}

// Whether the peer is one of several connected leaders of its region.
bool is_second_leader(const Peer& peer, const Replica& replica) {
  if (peer.follows || !peer.connected()) return false;
  if (peer.region == replica.identity().region && !replica.exchange().follows()) return true;
  return std::ranges::any_of(
      regions::leaders_of(peer.region, replica.exchange().peers()),
      [&](const Peer* other) { return other->origin != peer.origin && other->connected(); });
}

void add_traffic(PeerStatus& status, const Peer& peer, const Replica& replica) {
  status.sent_ops = peer.out.ops_sent();
  status.received_ops = peer.in.ops;
  status.not_durable_ops = replica.applied().vector().ops_beyond(peer.durable);
  if (!peer.connected()) return;
  status.queued_bytes = peer.out.bytes_under_way();
  const regions::Link* const link = replica.exchange().links().find(peer.links.front());
  if (link != nullptr) status.round_trip_ms = link->round_trip_ms.value_or(-1);
}

PeerStatus peer_status(const Peer& peer, const Replica& replica, core::Millis now) {
  const VersionVector& applied = replica.applied().vector();
  PeerStatus status;
  status.region = peer.region;
  status.address = dialled(replica.exchange(), peer);
  status.origin = core::to_string(peer.origin);
  status.connected = peer.connected();
  status.follower = peer.follows;
  status.paused = replica.exchange().links().paused(peer);
  status.lag_ops = applied.ops_beyond(peer.applied);
  status.lag_ms = peer.behind_since_ms < 0 ? 0 : now - peer.behind_since_ms;
  status.behind_ops = peer.applied.ops_beyond(applied);
  status.clock_ahead_ms = replica.time().clocks().ahead_ms(peer.region, now).value_or(0);
  status.diverged = replica.background().verifier().divergence().diverged(peer.region);
  status.resolvers_differ = replica.policies().resolvers_differ(peer.origin);
  status.absent_functions = replica.policies().absent_functions(peer.origin);
  const auto equal_ms = replica.background().verifier().equal_ms(peer.origin);
  if (equal_ms) status.equal_ago_ms = now - *equal_ms;
  add_traffic(status, peer, replica);
  if (is_second_leader(peer, replica)) status.note = "one of two leaders of its region";
  if (!peer.out.trimmed().empty()) status.note = "lacks writes that the log no longer has";
  return status;
}

RefusedStatus refused_status(const transport::TransportCounters& counters, const Replica& replica) {
  RefusedStatus refused;
  refused.unknown_keys = counters.keys_unknown;
  refused.expired_keys = counters.keys_expired;
  refused.failed_handshakes = counters.handshakes_failed;
  refused.excess_connections = counters.connections_excess;
  refused.oversized_messages = counters.messages_endless;
  refused.malformed_frames = counters.frames_rejected;
  refused.greetings = replica.exchange().links().refused_greetings();
  refused.forged_batches = replica.inbox().proofs().provenance().forged_batches();
  return refused;
}

void add_name(std::vector<std::string>& names, std::string name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
}

ForkStatus fork_status(core::Origin origin, const regions::Forks::ByPeer& by_peer,
                       const Replica& replica) {
  const regions::Head& head = replica.applied().head(origin);
  ForkStatus status;
  status.origin = core::to_string(origin);
  status.region = head.region;
  status.here = head.seq;
  for (const auto& [peer, fork] : by_peer) {
    const bool first = status.others.empty();
    status.common = first ? fork.common : std::min(status.common, fork.common);
    status.differs = first ? fork.differs : std::min(status.differs, fork.differs);
    add_name(status.others, fork.region);
  }
  for (const auto& [peer_origin, peer] : replica.exchange().peers()) {
    if (by_peer.contains(peer_origin) || peer.applied.at(origin) <= status.common) continue;
    add_name(status.same, peer.region);
  }
  for (const core::Origin each : replica.exchange().forks().waiting_for(origin)) {
    const std::string region = replica.names().region(each);
    add_name(status.waiting, region.empty() ? "origin " + core::to_string(each) : region);
  }
  return status;
}

RejoinStatus rejoin_status(const Replica& replica) {
  RejoinStatus status;
  if (replica.background().repair().failed())
    status.failed = replica.background().repair().failed()->message;
  const regions::Rejoin* const rejoin = replica.background().repair().rejoin();
  if (rejoin == nullptr) return status;
  status.stage = rejoin->logging() ? "logging" : "joining";
  status.taken = rejoin->taken();
  status.renamed = rejoin->renamed();
  status.left = rejoin->unlogged();
  return status;
}

// Adds why a peer that was connected is gone, and since when.
void add_absence(PeerStatus& status, core::Origin origin, const Replica& replica,
                 const Links& links, core::Millis now) {
  const std::string address = links.log.address(origin);
  const auto dial = std::ranges::find(links.dials, address, &transport::DialStatus::address);
  status.away_ms = links.log.away_ms(origin, now);
  const auto is_back = [&](const auto& each) {
    return each.second.region == status.region && each.second.connected();
  };
  if (std::ranges::any_of(replica.exchange().peers(), is_back)) {
    status.away_why = "its region is connected under another origin";
  } else if (address.empty() || dial == links.dials.end()) {
    status.away_why = "it dials this leader, and has not come back";
  } else if (dial->connected) {
    status.away_why = "somebody else is at " + address + " now";
  } else {
    status.address = address;
    status.away_why = dial->why;
    status.tries = dial->tries;
    status.next_try_ms = dial->next_try_ms;
  }
}

// Whether nobody waits for a region any more: it was retired, or declared lost.
bool is_given_up(const std::string& region, const Replica& replica) {
  return replica.members().list().retirement(region) != Retirement::kNone;
}

// The region that is expected at a dialled address: as the configuration names it, or the one met
// there last; empty when neither is known.
std::string region_at(const std::string& address, const Options& options, const Replica& replica) {
  for (const std::string& text : options.peers) {
    const auto peer = transport::parse_peer(text);
    if (!peer.ok() || peer.value().address != address || peer.value().region.empty()) continue;
    return peer.value().region;
  }
  return replica.met().region_at(address);
}

// Adds the peers that were met since the start. One of a region that is given up is a link only as
// long as it is connected.
void add_peers(StoreStatus& status, const Replica& replica, const Links& links, const Lag& lag,
               core::Millis now) {
  for (const auto& [origin, peer] : replica.exchange().peers()) {
    if (!peer.connected() && is_given_up(peer.region, replica)) continue;
    status.peers.push_back(peer_status(peer, replica, now));
    if (!peer.connected()) add_absence(status.peers.back(), origin, replica, links, now);
    std::string& note = status.peers.back().note;
    if (std::string breaks = links.log.breaks(origin, now); !breaks.empty()) {
      note += (note.empty() ? "" : "; ") + breaks;
    }
    status.peers.back().behind_ms = lag.behind_ms(peer, replica, now);
    status.peers.back().not_durable_ms = lag.behind_ms(peer, replica, now, &Peer::durable);
    status.peers.back().catching_up = peer.connected() && links.log.catching_up(origin);
  }
}

// Why what answers at a dialled address is no peer; empty if nothing else is there.
std::string why_refused(const transport::DialStatus& dial, const regions::Exchange& exchange) {
  std::string why = dial.elsewhere;
  for (const auto& [id, link] : exchange.links().all()) {
    if (link.address == dial.address && link.refused) why = link.why_refused;
  }
  return why;
}

// Adds dialled addresses at which no peer has been found, but for those of regions that are given
// up and do not answer.
void add_strangers(StoreStatus& status, const Links& links, const Options& options,
                   const Replica& replica) {
  const regions::Exchange& exchange = replica.exchange();
  for (const transport::DialStatus& dial : links.dials) {
    const std::string refused = why_refused(dial, exchange);
    if (refused == regions::kIsSelf) continue;  // One list of peers may serve all leaders.
    const std::string region = region_at(dial.address, options, replica);
    if (!dial.connected && refused.empty() && is_given_up(region, replica)) continue;
    const auto same = [&](const PeerStatus& peer) { return peer.address == dial.address; };
    if (std::ranges::any_of(status.peers, same)) continue;
    PeerStatus peer;
    peer.address = dial.address;
    peer.paused = exchange.links().paused(dial.address);
    peer.away_why = dial.why;
    peer.away_ms = dial.away_ms;
    peer.tries = dial.tries;
    peer.next_try_ms = dial.next_try_ms;
    if (!refused.empty()) peer.note = "it is refused, since it " + refused;
    status.peers.push_back(std::move(peer));
  }
}

const char* word(Retirement retirement) {
  if (retirement == Retirement::kNone) return "";
  return retirement == Retirement::kLost ? "lost" : "retired";
}

std::vector<RegionStatus> region_statuses(const Replica& replica) {
  std::map<std::string, RegionStatus> regions;
  regions[replica.identity().region].connected = true;
  for (const auto& [name, known] : replica.members().list().all()) regions[name];
  for (const auto& [origin, report] : replica.keeper().reports().all()) {
    regions[report.region];
  }
  for (const auto& [origin, head] : replica.applied().heads()) regions[head.region];
  for (const Peer* peer : regions::leaders(replica.exchange().peers())) {
    regions[peer->region].connected |= peer->connected();
  }
  for (const auto& [name, position] : replica.keeper().lacked()) {
    const regions::LogSegments& log = replica.keeper().segments();
    regions[name].pinned_bytes = log.bytes_from(position);
    regions[name].pinned_ms = log.age_ms(position);
  }
  regions.erase(std::string());
  std::vector<RegionStatus> statuses;
  for (auto& [name, status] : regions) {
    status.region = name;
    status.retirement = word(replica.members().list().retirement(name));
    statuses.push_back(std::move(status));
  }
  return statuses;
}

PluginsStatus plugins_of(const rows::ModulePool& modules) {
  using plugins::Verdict;
  const rows::ModulePool::Figures figures = modules.figures();
  return {.modules = figures.modules,
          .machines = figures.machines,
          .values = modules.count(Verdict::kValue),
          .declined = modules.count(Verdict::kDeclined),
          .out_of_fuel = modules.count(Verdict::kOutOfFuel),
          .out_of_stack = modules.count(Verdict::kOutOfStack),
          .traps = modules.count(Verdict::kTrap),
          .bad_answers = modules.count(Verdict::kBadAnswer),
          .large_answers = modules.count(Verdict::kAnswerTooLarge)};
}

void add_policies(StoreStatus& status, const Replica& replica, const rows::Resolvers& resolvers) {
  const rows::HookAlarms& alarms = resolvers.alarms();
  status.resolver_failures = alarms.count(rows::HookTrouble::kThrew);
  status.resolver_slow = alarms.count(rows::HookTrouble::kSlow);
  status.resolver_unstable = alarms.count(rows::HookTrouble::kUnstable);
  status.resolver_alarms = alarms.listed();
  const rows::AnswerCache::Figures answers = resolvers.answers().figures();
  status.answers_kept_bytes = answers.bytes;
  status.answers_found = answers.found;
  status.answers_asked = answers.asked;
  status.plugins = plugins_of(resolvers.modules());
  status.policies = replica.state().policies()->in_force().size();
  status.policy_troubles = replica.policies().troubles();
  status.absent_functions = resolvers.absent();
}

ConflictsStatus conflicts_status(const regions::ConflictLog& log) {
  const regions::ConflictFigures& figures = log.figures();
  ConflictsStatus status{.entries = figures.entries,
                         .bytes = figures.bytes,
                         .bytes_max = log.limits().bytes_max,
                         .dropped_full = figures.dropped_full,
                         .dropped_old = figures.dropped_old,
                         .rules = {}};
  for (const auto& [rule, row] : log.counts().rows()) {
    status.rules.push_back(
        {rule.policy, rule.prefix, row.met, row.replaced, row.hidden, row.doomed});
  }
  return status;
}

void add_storage(StoreStatus& status, const Options& options, const storage::Storage& storage) {
  const auto engine = storage.engine();
  status.durability = to_string(options.durability);
  if (!engine) return;
  status.storage_log_bytes = engine->log_bytes;
  status.storage_waiting_bytes = engine->waiting_bytes;
  status.storage_flushes = engine->flushes;
  status.storage_flushing = engine->flushing;
  status.storage_redo_bytes = engine->redo_bytes;
  status.storage_unsynced_bytes = engine->unsynced_bytes;
  status.storage_damage = engine->damaged;
  status.log_damage.insert(status.log_damage.end(), engine->log_damage.begin(),
                           engine->log_damage.end());
}

void add_footprint(StoreStatus& status, const Options& options) {
  const DiskFigures disk = disk_figures(options.path);
  status.memory_bytes = memory_bytes();
  status.disk_bytes = disk.used;
  status.disk_free_bytes = disk.free;
  status.disk_reserve_bytes = reserve_bytes(options);
}

void add_log(StoreStatus& status, const Replica& replica, const storage::Storage& storage) {
  for (const regions::LogDamage& each : replica.state().log().damage()) {
    constexpr std::size_t kListedMax = 20;
    if (status.log_damage.size() >= kListedMax) break;
    status.log_damage.push_back(to_string(each, replica.applied().head(each.origin).region));
  }
  status.log_lost = replica.lost().sentences();
  status.log_records = storage.last_position();
  status.log_bytes = replica.keeper().segments().bytes();
  status.log_age_ms = replica.keeper().segments().age_ms(replica.keeper().segments().first());
}

// Why all rows are to be taken again, and what that waits for.
std::string rows_again(const Replica& replica) {
  std::string why = replica.state().damaged().why();
  const std::string waits = replica.background().snapshots().why_it_waits();
  if (!waits.empty()) {
    why += "; waits for a connected region that has all that the log here lacks: " + waits;
  }
  return why;
}

}  // namespace

StoreStatus leader_status(const Replica& replica, const Options& options,
                          const storage::Storage& storage, const transport::Transport& transport,
                          const LinkLog& link_log, const Lag& lag, const rows::Resolvers& resolvers,
                          core::Millis now) {
  const Links links{link_log, transport.dials()};
  StoreStatus status;
  status.region = options.region;
  status.follower = replica.exchange().follows();
  status.origin = core::to_string(replica.identity().origin);
  status.origin_why = replica.identity().why;
  status.mesh = options.mesh;
  status.endpoint = transport.endpoint();
  const std::set<core::Origin>& ended = replica.members().list().ended();
  for (const auto& [origin, head] : replica.applied().heads()) {
    const char* state = replica.members().settled().contains(origin) ? "settled"
                        : ended.contains(origin)                     ? "ended"
                                                                     : "";
    status.applied.push_back({core::to_string(origin), head.region, head.seq, state});
  }
  add_peers(status, replica, links, lag, now);
  status.snapshots = replica.background().snapshots().status(now);
  add_strangers(status, links, options, replica);
  std::ranges::sort(status.peers, {},
                    [](const PeerStatus& peer) { return std::tie(peer.region, peer.address); });
  status.regions = region_statuses(replica);
  for (const auto& [origin, by_peer] : replica.exchange().forks().all()) {
    status.forks.push_back(fork_status(origin, by_peer, replica));
  }
  status.rejoin = rejoin_status(replica);
  for (auto& [who, text] : replica.time().complaints(now)) status.clocks.push_back(text);
  status.unproven = replica.inbox().proofs().unproven().late();
  add_log(status, replica, storage);
  status.orders_left = replica.background().upkeep().orders_left();
  status.presence = replica.presence().counts();
  status.held_batches = replica.inbox().held().size();
  status.waiting_subscriptions = replica.exchange().subscriptions().waiting();
  status.avoided_sources = replica.exchange().subscriptions().avoided();
  status.wanted_positions = replica.exchange().forks().positions_wanted();
  add_policies(status, replica, resolvers);
  status.conflicts = conflicts_status(replica.conflicts());
  status.rows = replica.state().digests().rows();
  status.expiries = storage.snapshot()->size(storage::Table::kExpiries);
  status.requests = replica.names().requests().remembered();
  status.requests_repeated = replica.names().requests().size();
  status.digest = core::to_string(replica.state().digests().total());
  status.diverged = replica.background().verifier().divergence().found();
  status.keyed = !options.keys_file.empty();
  status.refused = refused_status(transport.counters(), replica);
  status.full = replica.writer().reserve().full();
  status.refusing = replica.refusing();
  add_footprint(status, options);
  add_storage(status, options, storage);
  status.rows_again = rows_again(replica);
  status.writable = !replica.broken();
  return status;
}

}  // namespace anabranch::leader
