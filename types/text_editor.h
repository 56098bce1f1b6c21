// Edits of a text in one transaction: from positions to rows.
//
// Inserts at one place are gathered, and written at an insert elsewhere or at the end: so a run is
// written once, after all corrections in it. Deleted parts are written at the end. Adjacent parts
// of one run become one part, new parts together with stored ones; the rows of the replaced parts
// are removed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/text.h>

#include "types/text_rows.h"

namespace anabranch::types {

// The size of a text in units, and the index of a position. index_of() throws as TextEdit.
[[nodiscard]] std::uint64_t size_of(const crdt::TextOrder& order, TextUnit unit);
[[nodiscard]] crdt::TextOrder::Index index_of(const crdt::TextOrder& order, const Key& key,
                                              TextUnit unit, std::uint64_t position);
// As TextEdit::read.
[[nodiscard]] std::string read(const crdt::TextOrder& order, const Key& key, TextUnit unit,
                               std::uint64_t position, std::uint64_t count);

class TextEditor final : public TextEdit {
 public:
  // All of them must outlive the editor; `txn` is a transaction.
  TextEditor(TextRows& rows, Scope& txn, const Key& key, TextUnit unit)
      : rows_(rows), txn_(txn), key_(key), unit_(unit) {}

  [[nodiscard]] std::uint64_t size() const override;
  void insert(std::uint64_t position, std::string_view utf8) override;
  void erase(std::uint64_t position, std::uint64_t count) override;
  [[nodiscard]] std::string read(std::uint64_t position, std::uint64_t count) const override;
  void note(std::string_view note) override { note_ = note; }
  [[nodiscard]] const std::string& noted() const { return note_; }
  // Writes the remaining edits: the last call. Without it the rows differ from the text.
  void finish();

 private:
  using Index = crdt::TextOrder::Index;
  // The run being gathered, from an index on.
  struct Open {
    std::string run;
    Index begin = 0;
    Index count = 0;
    [[nodiscard]] Index end() const { return begin + count; }
  };

  [[nodiscard]] Index index_of(std::uint64_t position) const;
  void begin_run(Index index, std::string_view utf8);
  void write_run();
  // Erases characters outside of the open run.
  void erase_written(Index index, Index count);
  void write_deleted(const std::string& run, std::vector<RunPart> parts);

  TextRows& rows_;
  Scope& txn_;
  const Key& key_;
  TextUnit unit_;
  std::optional<Open> open_;
  std::string note_;
  std::map<std::string, std::vector<RunPart>> deleted_;  // By run; not written yet.
};

}  // namespace anabranch::types
