// The rows at one moment, kept to be compared with another leader's: parts of them are summed or
// listed in slices, in the order of storage keys. It holds a storage snapshot, so it
// must be released soon.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/version_vector.h"
#include "regions/wire/digest_request.h"
#include "rows/digests.h"
#include "rows/names.h"
#include "storage/storage.h"

namespace anabranch::regions {

// Used by one thread at a time.
class RowSnapshot {
 public:
  static constexpr std::size_t kRowsMax = 2000;  // Of one part.
  static constexpr std::size_t kListBytesMax = std::size_t{256} << 10U;
  static constexpr std::size_t kReadBytesMax = std::size_t{8} << 20U;  // But one row always.

  // The committed state when the snapshot was taken. `names` must outlive the snapshot.
  struct Moment {
    std::unique_ptr<storage::Snapshot> snapshot;
    core::VersionVector applied;
    core::Hash128 digest;  // As it is kept.
    bool comparable = true;
  };
  RowSnapshot(Moment moment, const rows::Names& names)
      : moment_(std::move(moment)), names_(names) {}

  [[nodiscard]] const Moment& moment() const { return moment_; }

  struct Part {
    core::Hash128 digest;
    // Rows that count for the digest, stored bytes that are no row included.
    std::uint64_t rows = 0;
    std::string next;  // The first key behind the part; empty at the end of the table.
    std::vector<RowShare> list;
  };
  enum class Detail : std::uint8_t { kSum, kList };
  // A part that begins at `from`, and ends before `until` (empty: the end) or earlier.
  [[nodiscard]] Part part(std::string_view from, std::string_view until, Detail detail) const;

  struct Shown {
    core::Hash128 digest;
    std::string row;       // Where it is, for people; only when it is there.
    std::string text;      // What it is, for people.
    std::size_t read = 0;  // The bytes that were read for it.
  };
  [[nodiscard]] Shown show(std::string_view key) const;

 private:
  Moment moment_;
  const rows::Names& names_;
};

}  // namespace anabranch::regions
