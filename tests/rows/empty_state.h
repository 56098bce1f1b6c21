// A state without rows that has policies, and counts how often it is asked for them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rows/row_reader.h"

namespace anabranch::test {

class EmptyState final : public rows::RowReader {
 public:
  explicit EmptyState(std::vector<rows::PolicyRow> rows = {},
                      rows::PolicyTable::Modules modules = {})
      : policies_(std::make_shared<const rows::PolicyTable>(std::move(rows), std::move(modules))) {}

  [[nodiscard]] crdt::Row row(const core::Path& /*path*/) const override { return {}; }
  void scan(const core::PathRange& /*range*/, Hidden /*hidden*/,
            const Visit& /*visit*/) const override {}
  [[nodiscard]] std::uint64_t count(const core::Path& /*path*/) const override { return 0; }
  [[nodiscard]] std::shared_ptr<const rows::PolicyTable> policies() const override {
    ++asked_;
    return policies_;
  }
  [[nodiscard]] std::shared_ptr<const rows::OriginRegions> regions() const override {
    return regions_;
  }
  [[nodiscard]] rows::StoredTags stored_tags(const core::Path& /*place*/) const override {
    return {};
  }
  [[nodiscard]] std::optional<std::string> score_at(std::string_view /*key*/) const override {
    return std::nullopt;
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& /*range*/) const override {
    return nullptr;
  }

  // How often policies() was called.
  [[nodiscard]] int asked() const { return asked_; }

 private:
  std::shared_ptr<const rows::PolicyTable> policies_;
  std::shared_ptr<const rows::OriginRegions> regions_ =
      std::make_shared<const rows::OriginRegions>();
  mutable int asked_ = 0;
};

}  // namespace anabranch::test
