// The rows of a text in memory: the order of its characters, and the deleted parts. Read once from
// a scope, then kept up to date by the changes of a watch or by an editor (text_editor.h).
//
//   [key t POSITION]         a run: UTF-8, never written again; cleared when all of it is deleted
//   [key t POSITION PART]    a part of that run is deleted: varint start, varint count, in code
//                            points; the value is empty
//
// A watch repeats all changes that an editor here has already applied, some of them after later
// edits. A repeated change must not bring back deleted characters: shown parts are only ever
// removed, the name of a run is never used twice, and runs cleared here are remembered until the
// watch reports the clear.
//
// Rows that only take room are noted as garbage, and removed with the next edit: parts of runs that
// were cleared by a clear that had not seen the parts, and runs with their last parts deleted by
// several regions. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/scope.h>
#include <anabranch/watch.h>

#include "crdt/text_order.h"

namespace anabranch::types {

// A part of a run, in code points.
struct RunPart {
  crdt::TextOrder::Index start = 0;
  crdt::TextOrder::Index count = 0;
  auto operator<=>(const RunPart&) const = default;
};

class TextRows {
 public:
  TextRows() = default;
  // Throws Error{kCorrupt} when the rows are not those of a text.
  TextRows(const Scope& scope, const Key& key);

  [[nodiscard]] crdt::TextOrder& order() { return order_; }
  [[nodiscard]] const crdt::TextOrder& order() const { return order_; }

  // Applies a change of a watch; `path` is its path below [key t].
  void apply(Change::Kind kind, const std::vector<std::string>& path, const std::string& value);

  // Returns the deleted parts of a run, as stored in rows.
  [[nodiscard]] std::vector<RunPart> deleted(const std::string& run) const;
  void set_deleted(const std::string& run, std::vector<RunPart> parts);
  // Notes that a run has no shown characters any more and its rows are being cleared here.
  void note_cleared(const std::string& run);
  // Returns, once, the runs with rows that only take room; the caller clears them.
  [[nodiscard]] std::set<std::string> take_garbage();

 private:
  void add_run(const std::string& run, const std::string& text);
  void add_part(const std::string& run, RunPart part);

  crdt::TextOrder order_;
  std::map<std::string, std::vector<RunPart>> deleted_;  // By run.
  std::set<std::string> cleared_;
  std::set<std::string> garbage_;
};

// Return the row of a run, and that of a part of it.
[[nodiscard]] Key run_row(const Key& key, std::string_view run);
[[nodiscard]] Key part_row(const Key& key, std::string_view run, RunPart part);

}  // namespace anabranch::types
