// Objects in memory, for holders that take turns: before each operation a holder asks its turn, and
// is told how the operation ends.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/shared/object_store.h"

namespace anabranch::storage::test {

// What becomes of a change.
enum class Fate : std::uint8_t {
  kAnswered,
  kUnanswered,  // It happens, and its holder hears nothing.
  kLost,        // It never happens, and its holder hears nothing.
  kLate,        // It happens later, or never; its holder hears nothing.
  kRefused,     // It does not happen, for a reason that passes.
  kRepeated,    // It happens, is sent once more for want of an answer, and that is answered.
};

struct MemoryObject {
  std::uint64_t epoch = 0;
  std::string bytes;
  std::map<std::string, std::string> entries;
  bool operator==(const MemoryObject&) const = default;
};

// The objects themselves. Thread-safe.
class MemoryObjects {
 public:
  using All = std::map<std::string, MemoryObject>;

  ChangeEnd apply(const std::string& name, const ObjectChange& change);
  // Keeps a change for later.
  void delay(const std::string& name, ObjectChange change);
  [[nodiscard]] bool has_late() const;
  // Has the oldest change that was delayed happen now.
  void apply_late();
  void drop_late();

  // Returns nullopt when there is no such object.
  [[nodiscard]] std::optional<MemoryObject> find(const std::string& name) const;
  [[nodiscard]] All all() const;
  // Changes objects as nobody else can.
  void set_all(All all);

 private:
  ChangeEnd apply_locked(const std::string& name, const ObjectChange& change);

  mutable std::mutex mutex_;
  All all_;
  std::deque<std::pair<std::string, ObjectChange>> late_;
};

// The store as one holder sees it. A change happens when it is waited for; one that is given up
// may happen later.
class HolderStore final : public ObjectStore {
 public:
  // Asked before each operation; for a read the answer is not looked at.
  using Turn = std::function<Fate(bool changes)>;
  static Fate always(bool /*changes*/) { return Fate::kAnswered; }

  explicit HolderStore(MemoryObjects& objects, Turn turn = &always)
      : objects_(objects), turn_(std::move(turn)) {}

  std::unique_ptr<BegunChange> begin(const std::string& object, ObjectChange change) override;
  [[nodiscard]] core::Result<std::size_t> read(const std::string& object, std::uint64_t offset,
                                               std::span<char> into) override;
  [[nodiscard]] core::Result<std::uint64_t> size(const std::string& object) override;
  [[nodiscard]] core::Result<std::optional<ObjectEntries>> entries(
      const std::string& object) override;

 private:
  class Begun;

  MemoryObjects& objects_;
  Turn turn_;
};

}  // namespace anabranch::storage::test
