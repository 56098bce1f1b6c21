#include "leader/health/warnings.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "leader/health/amounts.h"
#include "leader/health/read_age.h"

namespace anabranch::leader {

namespace {

using Warnings = std::vector<WarningStatus>;

constexpr std::string_view kTransaction = "transaction";

// The remedy for a peer that is away, by a part of the reason that the status gives.
std::string remedy_of(std::string_view why) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kRemedies{{
      {"connection refused", "start its leader, or correct its address (listen there, peers here)"},
      {"says nothing", "look whether its process is stopped, or its machine too busy"},
      {"no answer", "look whether its machine is up and a firewall lets the port through"},
      {"no route", "look whether its machine is up and a firewall lets the port through"},
      {"looked up", "correct the name in peers, or mend the look-up of names on this machine"},
      {"key", "compare the lists of public keys of both sides, then anabranch keys reload"},
      {"mesh", "give both the same setting mesh, or take the peer out of peers"},
      {"protocol", "upgrade the older of the two"},
      {"dials this leader", "look at the log of that peer: it has the reason"},
      {"means nothing", "correct its address: another program listens there"},
      {"cannot be read here",
       "upgrade the older of the two; of one version have the memory of both machines looked at"},
      {"more origins", "look for what is wrong with that leader: no mesh has as many origins"},
  }};
  for (const auto& [part, remedy] : kRemedies) {
    if (why.find(part) != why.npos) return std::string(remedy);
  }
  return "look at the log of both sides";
}

std::string name_of(const PeerStatus& peer) {
  if (peer.region.empty()) return "the peer at " + peer.address;
  return "region " + peer.region + (peer.address.empty() ? "" : " (" + peer.address + ")");
}

// Whether a peer that is away is missed: not if its region is retired, nor if it is the former self
// of a leader that is connected.
bool is_missed(const PeerStatus& peer, const StoreStatus& status) {
  if (peer.region.empty()) return true;
  const auto is_retired = [&](const RegionStatus& region) {
    return region.region == peer.region && !region.retirement.empty();
  };
  const auto is_back = [&](const PeerStatus& other) {
    return other.region == peer.region && other.connected && other.follower == peer.follower;
  };
  return std::ranges::none_of(status.regions, is_retired) &&
         (peer.follower || std::ranges::none_of(status.peers, is_back));
}

void add_link(const PeerStatus& peer, const StoreStatus& status, Warnings& all) {
  const std::string& about = peer.region.empty() ? peer.address : peer.region;
  if (peer.paused) {
    all.push_back({"paused", about, false, "the exchange with " + name_of(peer) + " is paused",
                   "anabranch peer resume " + about});
  } else if (!peer.connected && is_missed(peer, status)) {
    all.push_back({"away", about, false,
                   name_of(peer) + " is not connected, for " + time_span(peer.away_ms) +
                       (peer.away_why.empty() ? "" : ": " + peer.away_why),
                   remedy_of(peer.away_why)});
  }
}

void add_peer(const PeerStatus& peer, const StoreStatus& status, Warnings& all) {
  add_link(peer, status, all);
  if (peer.diverged) {
    all.push_back({"diverged", peer.region, true,
                   name_of(peer) + " has applied the same and holds other rows",
                   "anabranch verify " + peer.region + " names them"});
  }
  if (peer.resolvers_differ || !peer.absent_functions.empty()) {
    all.push_back({"functions", peer.region, false,
                   name_of(peer) + " has other functions between concurrent values" +
                       (peer.absent_functions.empty() ? "" : "; it lacks " + peer.absent_functions),
                   "give all regions the same ones"});
  }
  if (!peer.note.empty()) {
    all.push_back({"peer", peer.region.empty() ? peer.address : peer.region, false,
                   name_of(peer) + ": " + peer.note, "see docs/operations/alarms.md"});
  }
}

// Regions that are no peers, for which log is kept: one that is heard of through others may lack
// some for a while.
void add_regions(const StoreStatus& status, Warnings& all) {
  constexpr std::int64_t kHeardLongMs = 600'000;
  std::set<std::string_view> peers{status.region};
  for (const PeerStatus& peer : status.peers) peers.insert(peer.region);
  for (const RegionStatus& region : status.regions) {
    const bool is_waited_for = region.retirement.empty() && !region.connected;
    if (!is_waited_for || region.pinned_bytes == 0 || peers.contains(region.region)) continue;
    const bool is_heard = std::ranges::any_of(status.members, [&](const MemberStatus& member) {
      return member.region == region.region && member.fresh;
    });
    if (is_heard && region.pinned_ms < kHeardLongMs) continue;
    all.push_back({"log_kept", region.region, false,
                   "log is kept for region " + region.region + ": " +
                       byte_size(region.pinned_bytes) + ", for " + time_span(region.pinned_ms),
                   is_heard ? "its leader runs: look at the links by which it should have the log"
                            : "start its leader, or anabranch region retire " + region.region});
  }
}

void add_writes(const StoreStatus& status, Warnings& all) {
  if (!status.writable) {
    all.push_back({"closed",
                   {},
                   true,
                   "it is closed for writes, since a commit failed or its directory is gone",
                   "look for `closed for writes` in its log, mend the disk, and start it anew"});
  }
  if (status.full) {
    all.push_back({"full",
                   {},
                   true,
                   "its disk is nearly full: writes that add are refused",
                   status.set_aside_bytes == 0
                       ? "give the disk room, or delete; it resumes by itself"
                       : "give the disk room, or delete; it resumes by itself. " +
                             byte_size(status.set_aside_bytes) +
                             " are files with lost writes: anabranch salvage"});
  }
  if (status.refusing) {
    all.push_back({"refusing",
                   {},
                   true,
                   "writes are refused for now: the system lacks a descriptor, room or memory",
                   "look for `nothing can be written` in its log, and take the cause away; it "
                   "resumes by itself"});
  }
  if (status.slowed) {
    all.push_back(
        {"slowed",
         {},
         false,
         "writes here are slowed: this leader is " + time_span(status.behind_ms) + " behind others",
         "nothing if the load is short; else write less, or give it a faster machine"});
  }
  if (status.draining) {
    all.push_back({"draining",
                   {},
                   false,
                   "it is being drained: writes of applications are refused",
                   "stop it, or anabranch drain --undo"});
  }
}

void add_read(const StoreStatus& status, Warnings& all) {
  if (!status.read_too_long) return;
  all.push_back(
      {"read",
       {},
       false,
       ReadAge::text(status.read_ms),
       "nothing if that is a backup of much data; else end the read, or set read_ms_max"});
}

void add_backup(const BackupStatus& backup, Warnings& all) {
  if (!backup.overdue) return;
  all.push_back({"backup",
                 {},
                 false,
                 backup.made_ms == 0 ? "there is no verified backup of this leader"
                                     : "the last verified backup of this leader is " +
                                           time_span(backup.age_ms) + " old, in " + backup.path,
                 "make one (anabranch backup), and see why the last one failed"});
}

// One warning for each sentence of a list.
void add_sentences(const WarningStatus& kind, const std::vector<std::string>& sentences,
                   Warnings& all) {
  for (const std::string& each : sentences) {
    all.push_back(kind);
    all.back().text = each;
  }
}

void add_data(const StoreStatus& status, Warnings& all) {
  for (const ForkStatus& fork : status.forks) {
    all.push_back(
        {"fork", fork.region, true,
         "origin " + fork.origin + " of region " + fork.region +
             " has two histories: its directory ran twice",
         "see docs/operations/restore.md#forks, then anabranch fork resolve " + fork.origin});
  }
  if (!status.rejoin.failed.empty()) {
    all.push_back({"rejoin",
                   {},
                   false,
                   "it could not give way: " + status.rejoin.failed,
                   "see docs/operations/restore.md#forks"});
  }
  add_sentences(
      {"storage_damage",
       {},
       true,
       {},
       "see docs/operations/damage.md#damaged-files; have the disk of its machine looked at"},
      status.storage_damage, all);
  if (!status.rows_again.empty()) {
    all.push_back({"rows_again",
                   {},
                   true,
                   "all rows are taken again from another region: " + status.rows_again,
                   "let a region with all of them be connected; see "
                   "docs/operations/damage.md#damaged-files"});
  }
  add_sentences({"log_lost",
                 {},
                 true,
                 {},
                 "let all other leaders be connected; see docs/operations/damage.md#lost-writes"},
                status.log_lost, all);
  add_sentences({"log_damage", {}, true, {}, "have the disk and memory of its machine looked at"},
                status.log_damage, all);
  add_sentences({"clock", {}, false, {}, "set that clock right; see docs/operations/clocks.md"},
                status.clocks, all);
  add_sentences({"unproven", {}, false, {}, "connect or start the leader that wrote them"},
                status.unproven, all);
  add_sentences(
      {"policy", {}, false, {}, "upgrade it, give it the function, or set another policy"},
      status.policy_troubles, all);
}

bool is_open_to_machines(const std::string& endpoint) {
  return !endpoint.empty() && endpoint.find("127.") == endpoint.npos &&
         endpoint.find("[::1]") == endpoint.npos;
}

void sort(Warnings& all) {
  std::ranges::stable_sort(all, {}, [](const WarningStatus& each) { return !each.critical; });
}

}  // namespace

Warnings warnings_in(const StoreStatus& status, const std::map<std::string, Lag::Alarm>& lags) {
  Warnings all;
  add_writes(status, all);
  for (const PeerStatus& peer : status.peers) add_peer(peer, status, all);
  for (const auto& [region, lag] : lags) {
    all.push_back({"lag", region, false, lag.text, lag.what_to_do});
  }
  add_regions(status, all);
  add_data(status, all);
  add_read(status, all);
  add_backup(status.backup, all);
  if (is_open_to_machines(status.endpoint) && !status.keyed) {
    all.push_back({"keys",
                   {},
                   false,
                   "leaders of other machines connect without keys: any process that reaches the "
                   "port can write in any region's name",
                   "make keys (anabranch keys new), or close the network"});
  }
  sort(all);
  return all;
}

void warn_of_transaction(StoreStatus& status) {
  std::erase_if(status.warnings, [](const auto& each) { return each.kind == kTransaction; });
  if (status.transaction_ms == 0) return;
  status.warnings.push_back(
      {std::string(kTransaction),
       {},
       false,
       "a transaction has been running for " + time_span(status.transaction_ms) +
           " and holds up all others",
       "look at the thread " + std::to_string(status.transaction_thread) + " of that program"});
}

void warn_of_concerns(StoreStatus& status, const std::vector<std::string>& latched,
                      const std::vector<std::string>& troubles) {
  add_sentences({"concern",
                 {},
                 false,
                 {},
                 "start or connect those that it lacks, or set a concern that can be met"},
                troubles, status.warnings);
  for (const std::string& words : latched) {
    status.warnings.push_back({"concern",
                               {},
                               false,
                               "writes are answered before their concern is met: " + words,
                               "look which of the members named is away or behind; writes wait "
                               "for them again once one was with all in time"});
  }
}

}  // namespace anabranch::leader
