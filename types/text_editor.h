// Edits of a text in one transaction: from positions to rows.
//
// What is inserted at one place is gathered, and written when something is inserted elsewhere or
// at the end: so a run is written once, after all that was corrected in it. Deleted parts are
// written at the end, those of one run that touch each other as one: what is new, together with
// what was there, whose rows are then removed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/text.h>

#include "types/text_rows.h"

namespace anabranch::types {

// What a text counts, and the index of a position. The latter throws as TextEdit.
[[nodiscard]] std::uint64_t size_of(const crdt::TextOrder& order, TextUnit unit);
[[nodiscard]] crdt::TextOrder::Index index_of(const crdt::TextOrder& order, const Key& key,
                                              TextUnit unit, std::uint64_t position);

class TextEditor final : public TextEdit {
 public:
  // All of them must outlive it; `txn` is a transaction.
  TextEditor(TextRows& rows, Scope& txn, const Key& key, TextUnit unit)
      : rows_(rows), txn_(txn), key_(key), unit_(unit) {}

  [[nodiscard]] std::uint64_t size() const override;
  void insert(std::uint64_t position, std::string_view utf8) override;
  void erase(std::uint64_t position, std::uint64_t count) override;
  // Writes what is not written yet: the last call. Without it the rows are not those of the text.
  void finish();

 private:
  using Index = crdt::TextOrder::Index;
  // The run that is being gathered, from an index on.
  struct Open {
    std::string run;
    Index begin = 0;
    Index count = 0;
    [[nodiscard]] Index end() const { return begin + count; }
  };

  [[nodiscard]] Index index_of(std::uint64_t position) const;
  void begin_run(Index index, std::string_view utf8);
  void write_run();
  // Erases what is not of the open run.
  void erase_written(Index index, Index count);
  void write_deleted(const std::string& run, std::vector<RunPart> parts);

  TextRows& rows_;
  Scope& txn_;
  const Key& key_;
  TextUnit unit_;
  std::optional<Open> open_;
  std::map<std::string, std::vector<RunPart>> deleted_;  // And not written yet, by run.
};

}  // namespace anabranch::types
