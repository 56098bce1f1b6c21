// The regions of a scenario, by name: replicas as in production, over storage in memory and links
// that carry everything at once. Time passes only as the scenario says, and a tenth of a second
// with each write. The same script gives the same world.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/options.h>
#include <anabranch/scope.h>

#include "leader/sweeps/expiry_sweep.h"
#include "leader/sweeps/request_sweep.h"
#include "rows/resolvers.h"
#include "tests/regions/linked_nodes.h"
#include "tests/scenarios/words.h"

namespace anabranch::test {

class World {
 public:
  using Names = std::vector<std::string>;

  World();

  // ---- Regions and links. A cut breaks a link until it is healed.

  void add_leader(const std::string& name);
  // A follower of a leader's region, linked with that one.
  void add_follower(const std::string& name, const std::string& leader);
  void link(const std::string& one, const std::string& other);

  // ---- Faults and time.

  void cut(const std::string& one, const std::string& other);
  void heal(const std::string& one, const std::string& other);
  // Heals all.
  void heal();
  // Kills a process. Its disk keeps all acknowledged writes; start() starts it there.
  void crash(const std::string& name);
  void start(const std::string& name);
  // Copies a disk; and starts the region on that copy, in the place of its disk. A moved copy lies
  // in another directory, and its leader notices.
  void save(const std::string& name);
  void restore(const std::string& name, bool moved);
  // Forgets the log of a region, as time does.
  void trim(const std::string& name);
  // Has a wall clock show so much more than it does.
  void move_clock(const std::string& name, core::Millis by);
  void wait(core::Millis time);
  // Waits until all that are linked and run have the same. Throws if that takes over a minute.
  void settle();

  // ---- A region that runs.

  // Calls function(scope) on the newest state, commits its writes and sends them.
  void use(const std::string& name, const std::function<void(Scope&)>& function);
  [[nodiscard]] regions::Replica& replica(const std::string& name);
  [[nodiscard]] core::Millis now() const { return nodes_.now(); }
  // All regions, oldest first.
  [[nodiscard]] const Names& names() const { return names_; }
  [[nodiscard]] bool runs(const std::string& name) { return find(name).runs; }
  // The alarms of a region since the last call.
  [[nodiscard]] Names take_alarms(const std::string& name);
  // The snapshots that a region has merged, "a snapshot of region eu"; each source once.
  [[nodiscard]] Names snapshots(const std::string& name);
  // Retires a region by another one's list of regions.
  core::Result<void> retire(const std::string& region, const std::string& at);

  // ---- Policies.

  // Sets a policy at a region, or, of the kind kNone, removes one; `prefix` is of database 0.
  core::Result<void> set_policy(const std::string& name, const std::string& prefix,
                                const rows::Policy& policy);
  // Restarts a region with one more policy in its configuration; of the kind kNone with one less.
  void propose(const std::string& name, const std::string& prefix, const rows::Policy& policy);
  // Writes the policy of a newer version.
  void set_newer_policy(const std::string& name, const std::string& prefix);
  // All policies as a region lists them, a line each.
  [[nodiscard]] Names policies(const std::string& name);

  // ---- Losers.

  // The losers in the conflict log of a region, the newest first, a line each.
  [[nodiscard]] Names losers(const std::string& name);
  // Puts a loser back that a region lists under this id.
  core::Result<void> put_back(const std::string& name, const std::string& id);

 private:
  struct Region {
    std::size_t index = 0;  // In nodes_.
    std::string region;     // Another name than its own when it follows.
    bool follows = false;
    bool runs = true;
    core::Millis ahead_ms = 0;
    std::size_t alarms_read = 0;
    regions::Policies::Proposals proposals;        // In its configuration.
    std::unique_ptr<storage::MemoryStorage> disk;  // Of a process that has ended.
    std::unique_ptr<storage::MemoryStorage> saved;
    std::unique_ptr<leader::ExpirySweep> expiries;
    std::unique_ptr<leader::RequestSweep> requests;
  };
  using Link = std::pair<std::string, std::string>;

  void add(const std::string& name, const std::string& region, bool follows);
  // Opens a region on a disk; on an empty one when it is null.
  [[nodiscard]] std::unique_ptr<Node> open(const Region& region,
                                           std::unique_ptr<storage::MemoryStorage> disk);
  // Takes a process that was just opened into use.
  void begin(Region& region);
  // Connects those that are linked, run and are not cut; disconnects all others.
  void connect_all();
  [[nodiscard]] Region& find(const std::string& name);
  [[nodiscard]] Region& running(const std::string& name);
  // The link of two regions, in alphabetical order. Throws if there is none.
  [[nodiscard]] Link link_of(const std::string& one, const std::string& other) const;
  [[nodiscard]] bool connected(const Link& link);
  [[nodiscard]] bool equal();
  void step();

  const Options limits_;
  rows::Resolvers resolvers_;
  LinkedNodes nodes_;
  std::map<std::string, Region> regions_;
  Names names_;
  std::set<Link> links_;
  std::set<Link> cuts_;
  std::uint64_t last_number_ = 0;  // Of origins and openings.
};

}  // namespace anabranch::test
