// The tables that lie below overlays, on a disk: changed a lot at a time, and read through
// snapshots.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::storage {

class Base {
 public:
  virtual ~Base() = default;
  // Returns a snapshot of all changes so far. Any thread; it must end before the base does.
  [[nodiscard]] virtual std::unique_ptr<Snapshot> snapshot() const = 0;
  // Makes the changes, all or nothing; they are on the disk when it returns. With a reach, notes it
  // with them: how far a log is in the base now. One thread at a time. After a failure every later
  // call fails, too.
  virtual core::Result<void> apply(std::span<const Change> changes,
                                   std::optional<std::string_view> reach) = 0;
};

}  // namespace anabranch::storage
