// The tables and the log of the engine as of one commit.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/engine/engine_log.h"
#include "storage/overlay/layered_tables.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

class EngineSnapshot final : public WholeSnapshot {
 public:
  EngineSnapshot(std::unique_ptr<EngineLog::Held> log, LayeredTables::Published tables)
      : log_(std::move(log)), tables_(std::move(tables)) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    return tables_.snapshot->get(table, key);
  }
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override {
    return tables_.snapshot->scan(table, range);
  }
  [[nodiscard]] std::string_view first_key(Table table, std::string_view from,
                                           std::string_view to) const override {
    return tables_.snapshot->first_key(table, from, to);
  }
  [[nodiscard]] std::uint64_t size(Table table) const override {
    return tables_.snapshot->size(table);
  }
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override {
    auto record = log_->read(position);
    if (record && record->position > last_position()) return std::nullopt;
    return record;
  }
  [[nodiscard]] Position last_position() const override { return tables_.mark; }

 private:
  const std::unique_ptr<EngineLog::Held> log_;
  const LayeredTables::Published tables_;
};

}  // namespace anabranch::storage
