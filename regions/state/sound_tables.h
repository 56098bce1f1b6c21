// The tables of a snapshot with their sound values only: a damaged value is as absent, a damaged
// count as a large one, and both are told of.
// For the writer, which has to go on beside damage; readers get an error.
//
// For one thread at a time, as the snapshot.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/storage.h"

namespace anabranch::regions {

class SoundTables final : public storage::Snapshot {
 public:
  // Is told of each damaged value that is met, at each time.
  using Tell = std::function<void(storage::Table table, std::string_view key)>;

  SoundTables(std::unique_ptr<storage::Snapshot> all, Tell tell)
      : all_(std::move(all)), tell_(std::move(tell)) {}

  [[nodiscard]] std::optional<std::string_view> get(storage::Table table,
                                                    std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan(
      storage::Table table, const storage::KeyRange& range) const override;
  // Damaged values count.
  [[nodiscard]] std::uint64_t size(storage::Table table) const override {
    return all_->size(table);
  }

 private:
  const std::unique_ptr<storage::Snapshot> all_;
  const Tell tell_;
};

}  // namespace anabranch::regions
