// Objects in a store that several processes share. Each change of an object compares and changes in
// one step, so the store decides between processes that do not know of each other.
//
// An object has bytes, an epoch, and entries: keys with values. This is what RADOS gives (a
// cmpxattr and the changes behind it in one operation), and little enough for other stores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"

namespace anabranch::storage {

// A change of one object, of all of this or of nothing.
struct ObjectChange {
  // When it happens: where there is no such object, or one with this epoch, or one with a lower
  // epoch.
  enum class If : std::uint8_t { kAbsent, kEpochIs, kEpochBelow };
  If condition = If::kEpochIs;
  std::uint64_t than = 0;  // The epoch of the condition.

  std::optional<std::uint64_t> epoch = {};                         // Its epoch from then on.
  std::map<std::string, std::optional<std::string>> entries = {};  // nullopt: the key goes.
  std::optional<std::uint64_t> size = {};                          // Cut or filled with zeros...
  std::uint64_t offset = 0;
  std::string bytes = {};  // ...and then written at `offset`.
  bool remove = false;     // The object goes.
};

// How a change ended.
struct ChangeEnd {
  enum class Kind : std::uint8_t {
    kDone,
    kRefused,  // The condition did not hold. Nothing was changed.
    kAbsent,   // There is no such object. Nothing was changed.
    kFailed,   // Nothing was changed, for the reason in `failure`, which may pass.
    kUnknown,  // No answer came. The change has happened, or will happen, or never will.
  };
  Kind kind = Kind::kDone;
  core::Failure failure = {};

  [[nodiscard]] bool done() const { return kind == Kind::kDone; }
};

// A change that was begun. Its owner may give it up: then it happens, or does not.
class BegunChange {
 public:
  virtual ~BegunChange() = default;
  // Returns when the change has ended. To be called once.
  virtual ChangeEnd wait() = 0;
};

// An object's epoch and all its entries, at one moment.
struct ObjectEntries {
  std::uint64_t epoch = 0;
  std::map<std::string, std::string> entries;
};

// All calls are thread-safe.
class ObjectStore {
 public:
  // The most bytes of a change, and of a read.
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20U;

  virtual ~ObjectStore() = default;

  // Begins a change. Changes of one object that one process begins happen in that order. One may
  // happen a second time before it is answered, and not behind that.
  virtual std::unique_ptr<BegunChange> begin(const std::string& object, ObjectChange change) = 0;
  // Makes a change, and returns when it has ended.
  ChangeEnd make(const std::string& object, ObjectChange change) {
    return begin(object, std::move(change))->wait();
  }

  // Reads into the whole of `into`, or to the end of the object; returns how many bytes it read.
  [[nodiscard]] virtual core::Result<std::size_t> read(const std::string& object,
                                                       std::uint64_t offset,
                                                       std::span<char> into) = 0;
  [[nodiscard]] virtual core::Result<std::uint64_t> size(const std::string& object) = 0;
  // Returns nullopt when there is no such object.
  [[nodiscard]] virtual core::Result<std::optional<ObjectEntries>> entries(
      const std::string& object) = 0;
};

}  // namespace anabranch::storage
