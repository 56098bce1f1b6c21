// A text as its rows are, in memory: its order, and which rows say what is deleted. Read once from
// a scope, then kept up by what a watch tells or by an editor (text_editor.h).
//
//   [key t POSITION]         a run: UTF-8, never written again; cleared when nothing of it is left
//   [key t POSITION PART]    a part of that run is deleted: varint start, varint count, in code
//                            points; the value is empty
//
// A watch tells everything once more that an editor here has done already, and some of it after
// more has been done. Nothing of that may bring back what is gone: parts only ever go, runs have
// names that are never used twice, and those that were cleared here are remembered until the watch
// tells of it.
//
// Rows that only take room are noted as litter, and go with the next edit: parts of runs that are
// not there any more, since a clear had not seen them, and runs of which several regions have
// deleted the last parts. Not thread-safe.
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
  // Throws Error{kCorrupt} when the rows are none that a text has.
  TextRows(const Scope& scope, const Key& key);

  [[nodiscard]] crdt::TextOrder& order() { return order_; }
  [[nodiscard]] const crdt::TextOrder& order() const { return order_; }

  // Takes in a change that a watch tells; `path` is its path below [key t].
  void apply(Change::Kind kind, const std::vector<std::string>& path, const std::string& value);

  // The parts of a run that rows say are deleted.
  [[nodiscard]] std::vector<RunPart> deleted(const std::string& run) const;
  void set_deleted(const std::string& run, std::vector<RunPart> parts);
  // Nothing of a run is shown any more, and its rows are being cleared here.
  void note_cleared(const std::string& run);
  // The runs whose rows only take room; they are being cleared.
  [[nodiscard]] std::set<std::string> take_litter();

 private:
  void add_run(const std::string& run, const std::string& text);
  void add_part(const std::string& run, RunPart part);

  crdt::TextOrder order_;
  std::map<std::string, std::vector<RunPart>> deleted_;  // By run.
  std::set<std::string> cleared_;
  std::set<std::string> litter_;
};

// The row of a run, and that of a part of it.
[[nodiscard]] Key run_row(const Key& key, std::string_view run);
[[nodiscard]] Key part_row(const Key& key, std::string_view run, RunPart part);

}  // namespace anabranch::types
