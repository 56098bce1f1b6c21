// A region in a test: a real replica over storage in memory, with a clock that the test moves.
// Messages are carried by hand: nothing happens that the test does not do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/replica.h"
#include "storage/memory_storage.h"
#include "tests/disk.h"

namespace anabranch::test {

// The visible content of a replica, to be compared with an oracle or another replica.
struct Visible {
  struct Value {
    core::Hlc hlc;
    core::Dot dot;
    std::string value;
    std::optional<std::string> base = {};
    auto operator<=>(const Value&) const = default;
  };
  std::map<core::Path, std::vector<Value>> cells;
  std::map<core::Path, core::Number> tallies;
  bool operator==(const Visible&) const = default;
};

class Node {
 public:
  // Opens a region over `storage`, or over an empty one. `origin` is used where a new one is
  // needed.
  Node(std::string region, core::Origin origin,
       std::unique_ptr<storage::MemoryStorage> storage = nullptr, bool new_origin = false,
       regions::SnapshotLimits snapshots = {});
  // The same with all options; its clock begins at `wall`.
  Node(regions::ReplicaOptions options, std::unique_ptr<storage::MemoryStorage> storage,
       core::Millis wall);
  // The same over any disk.
  Node(std::unique_ptr<Disk> disk, regions::ReplicaOptions options, core::Millis wall);

  [[nodiscard]] regions::Replica& replica() { return *replica_; }
  [[nodiscard]] Disk& disk() { return *disk_; }
  [[nodiscard]] const Disk& disk() const { return *disk_; }
  // The memory storage that was given to it.
  [[nodiscard]] storage::MemoryStorage& storage() { return *memory_; }
  [[nodiscard]] const storage::MemoryStorage& storage() const { return *memory_; }
  [[nodiscard]] const rows::Names& names() const { return replica_->names(); }
  [[nodiscard]] const regions::ConflictLog& conflicts() const { return replica_->conflicts(); }
  [[nodiscard]] core::ManualClock& clock() { return *clock_; }
  [[nodiscard]] std::uint64_t nonce() const { return nonce_; }
  [[nodiscard]] core::Origin origin() const { return replica_->identity().origin; }
  [[nodiscard]] const core::VersionVector& vector() const { return replica_->applied().vector(); }

  // Commits a transaction at a wall clock time.
  void write(core::Millis wall, const std::function<void(regions::Group&)>& function);
  // Hands an encoded batch to this node as a message of `from`, and applies the deliverable
  // batches.
  void deliver(Node& from, const std::string& bytes);
  void apply();
  // Joins the rows of another node, by a snapshot that is asked for, sent, received and merged in
  // slices; `between` is called between any two steps.
  void merge(Node& from, const std::function<void()>& between);
  void merge(Node& from) {
    merge(from, [] {});
  }
  // Sweeps all that large clears left, and makes the orders of scores.
  void sweep();

  // The visible content common to all replicas that have applied the same.
  [[nodiscard]] Visible visible() const;
  // The content for a reader here: tallies that this replica has yet to list are gone already.
  [[nodiscard]] Visible shown() const;
  // The sum of the digests of all rows.
  [[nodiscard]] core::Hash128 digest() const;
  // The first count that differs from that of a scan, in words; empty when all agree.
  [[nodiscard]] std::string wrong_count() const;
  // The error in the order of expiries, in words; empty when it is that of the rows.
  [[nodiscard]] std::string wrong_expiries() const;
  // The first thing in the order of scores that does not follow from the rows, in words; empty when
  // all does.
  [[nodiscard]] std::string wrong_order() const;
  // The first digest, kept or stored, that differs from that of a scan, in words; empty when all
  // agree.
  [[nodiscard]] std::string wrong_digest() const;

 private:
  // The link to another node; both have greeted.
  regions::LinkId link_to(Node& other);
  // Hands the messages of this node to another one, if they belong to a snapshot.
  void carry(Node& to, core::Millis now);

  std::unique_ptr<Disk> disk_;
  storage::MemoryStorage* memory_ = nullptr;  // On the disk; null when none was given.
  std::unique_ptr<core::ManualClock> clock_;
  std::unique_ptr<regions::Replica> replica_;
  std::uint64_t nonce_;  // No two nodes of a run have the same.
  struct NodeLink {
    regions::LinkId id = 0;
    std::uint64_t nonce = 0;  // Of the node at the other end.
  };
  std::map<core::Origin, NodeLink> links_;
  regions::LinkId last_link_ = 0;
};

// The visible content for a reader.
Visible visible_in(const rows::RowReader& rows);
// The first count that differs from that of a scan, in words; empty when all agree.
std::string wrong_count_in(const rows::RowReader& rows, const storage::Snapshot& stored);

}  // namespace anabranch::test
