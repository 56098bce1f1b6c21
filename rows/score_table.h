// The interface for reading and changing the order of scores: the table of scores of a storage
// snapshot, or changes staged over one. Values at ordered keys; score_list.h and score_index.h
// define their contents.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/storage.h"

namespace anabranch::rows {

class ScoreTable {
 public:
  virtual ~ScoreTable() = default;
  [[nodiscard]] virtual std::optional<std::string> score_at(std::string_view key) const = 0;
  // As storage::Snapshot::scan. The table must not change within the life of the cursor.
  [[nodiscard]] virtual std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const = 0;
};

class MutableScoreTable : public ScoreTable {
 public:
  // Sets the key to the value; removes it if the value is nullopt.
  virtual void set_score(std::string key, std::optional<std::string> value) = 0;
};

}  // namespace anabranch::rows
