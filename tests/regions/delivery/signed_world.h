// Regions with keys, over memory storage; a test carries, drops and changes their messages.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/delivery/key_signatures.h"
#include "regions/replica.h"
#include "storage/memory_storage.h"

namespace anabranch::test {

class SignedWorld {
 public:
  using Index = std::size_t;
  // Changes a message from one region to another; returns false to drop it.
  using Filter = std::function<bool(Index from, Index to, regions::Message& message)>;

  // Whether the regions write themselves into the list of regions.
  enum class Listed : std::uint8_t { kNo, kYes };

  // A region for each name; the origin of the first is 1, and so on. All know all keys.
  explicit SignedWorld(const std::vector<std::string>& names, Listed listed = Listed::kNo,
                       const regions::ReplicaLimits& limits = {});

  [[nodiscard]] regions::Replica& replica(Index at) { return *regions_[at].replica; }
  [[nodiscard]] const transport::OwnKeys& keys(Index at) const { return regions_[at].keys; }
  [[nodiscard]] core::Seq applied(Index at, core::Origin origin) {
    return replica(at).applied().vector().at(origin);
  }
  [[nodiscard]] storage::MemoryStorage& storage(Index at) { return *regions_[at].storage; }
  // The link to a neighbour as a region knows it.
  [[nodiscard]] static regions::LinkId link(Index to) { return 100 + to; }
  [[nodiscard]] std::string get(Index at, const std::string& key);

  void connect(Index one, Index other);
  void cut(Index one, Index other);
  // Kills a region and opens it again on its storage, or on another one; its links are gone.
  void restart(Index at);
  void restart(Index at, std::unique_ptr<storage::MemoryStorage> storage);
  void put(Index at, const std::string& key, const std::string& value);
  // Carries messages until there are no more, then lets so many seconds pass, with the same after
  // each.
  void run(int seconds = 0);
  // Hands a message over as if a neighbour had sent it, and applies the deliverable batches.
  void inject(Index from, Index to, regions::Message message);

  Filter filter;  // All pass when it is empty.
  std::vector<std::string> alarms;

 private:
  struct Region {
    std::string name;
    transport::OwnKeys keys;
    std::unique_ptr<regions::KeySignatures> signatures;
    std::unique_ptr<storage::MemoryStorage> storage;
    std::unique_ptr<core::ManualClock> clock;
    std::unique_ptr<regions::Replica> replica;
    std::vector<Index> neighbours;
  };

  void open(Index at);
  void turn(Index at);
  // Carries the effects of one region; whether there were any messages.
  bool carry(Index at);

  Listed listed_;
  regions::ReplicaLimits limits_;
  std::uint64_t openings_ = 0;
  std::vector<Region> regions_;
  core::Millis now_ = 1000;
};

}  // namespace anabranch::test
