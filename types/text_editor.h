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
// Returns the position of an index.
[[nodiscard]] std::uint64_t units_before(const crdt::TextOrder& order, crdt::TextOrder::Index index,
                                         TextUnit unit);
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
  void replace(std::string_view whole) override;
  [[nodiscard]] std::string anchor(std::uint64_t position, TextSide side) override;
  [[nodiscard]] std::uint64_t position(std::string_view anchor) const override;
  void note(std::string_view note) override { note_ = note; }
  [[nodiscard]] const std::string& noted() const { return note_; }

  // ---- For undoing. Indexes count code points.

  using Part = crdt::TextOrder::Part;
  [[nodiscard]] const crdt::TextOrder& order() const { return rows_.order(); }
  // Inserts a text at an index, between two positions, and returns its runs.
  std::vector<Part> insert_between(std::string_view left, std::string_view right,
                                   crdt::TextOrder::Index index, std::string_view utf8);
  // Erases the shown characters of a part.
  void erase_part(const Part& part);
  // The runs that were written, and all that were begun: some were erased before.
  [[nodiscard]] const std::vector<Part>& written() const { return written_; }
  [[nodiscard]] const std::vector<Part>& begun() const { return begun_; }

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
  // Returns the code points of what is to be inserted; throws if it is not valid UTF-8.
  [[nodiscard]] Index checked_points(std::string_view utf8) const;
  void insert_at(Index index, std::string_view utf8, Index points);
  void begin_run(Index index, std::string_view utf8);
  void begin_run(std::string_view left, std::string_view right, Index index, std::string_view utf8);
  void write_run();
  void erase_range(Index from, Index to);
  // Erases characters outside of the open run.
  void erase_written(Index index, Index count);
  void write_deleted(const std::string& run, std::vector<RunPart> parts);

  TextRows& rows_;
  Scope& txn_;
  const Key& key_;
  TextUnit unit_;
  std::optional<Open> open_;
  std::string note_;
  std::vector<Part> written_;
  std::vector<Part> begun_;                              // As if each had all characters.
  std::map<std::string, std::vector<RunPart>> deleted_;  // By run; not written yet.
};

}  // namespace anabranch::types
