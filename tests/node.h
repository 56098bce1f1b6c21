// A region in a test: a real replica over memory storage, with a clock that the test moves.
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

namespace anabranch::test {

// What is visible in a replica, to be compared with an oracle or another replica.
struct Visible {
  struct Value {
    core::Hlc hlc;
    core::Dot dot;
    std::string value;
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
       std::unique_ptr<storage::MemoryStorage> storage = nullptr, bool new_origin = false);

  [[nodiscard]] regions::Replica& replica() { return *replica_; }
  [[nodiscard]] storage::MemoryStorage& storage() { return *storage_; }
  [[nodiscard]] core::ManualClock& clock() { return *clock_; }
  [[nodiscard]] core::Origin origin() const { return replica_->identity().origin; }
  [[nodiscard]] const core::VersionVector& vector() const { return replica_->applied().vector(); }

  // Commits a transaction at a wall clock time.
  void write(core::Millis wall, const std::function<void(regions::Group&)>& function);
  // Hands an encoded batch to this node as a message of `from`, and applies what is deliverable.
  void deliver(Node& from, const std::string& bytes);
  void apply();
  // Joins what another node has.
  void merge(Node& from);

  [[nodiscard]] Visible visible() const;
  // The sum of the digests of all rows.
  [[nodiscard]] core::Hash128 digest() const;
  // The first count that differs from what a scan finds, in words; empty when all agree.
  [[nodiscard]] std::string wrong_count() const;

 private:
  std::unique_ptr<storage::MemoryStorage> storage_;
  std::unique_ptr<core::ManualClock> clock_;
  std::unique_ptr<regions::Replica> replica_;
  std::map<core::Origin, regions::LinkId> links_;
};

}  // namespace anabranch::test
