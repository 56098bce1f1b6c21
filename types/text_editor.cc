#include "types/text_editor.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

#include "types/text_anchor.h"
#include "types/text_replacement.h"

namespace anabranch::types {

namespace {

constexpr std::uint32_t kRunMax = 1U << 14U;  // Code points; longer ones are cut.

// Returns the same characters in as few parts as possible.
std::vector<RunPart> joined(std::vector<RunPart> parts) {
  std::ranges::sort(parts);
  std::vector<RunPart> joined;
  for (const RunPart& part : parts) {
    if (!joined.empty() && part.start <= joined.back().start + joined.back().count) {
      const auto end = std::max(joined.back().start + joined.back().count, part.start + part.count);
      joined.back().count = end - joined.back().start;
    } else {
      joined.push_back(part);
    }
  }
  return joined;
}

}  // namespace

std::uint64_t size_of(const crdt::TextOrder& order, TextUnit unit) {
  return unit == TextUnit::kUtf16 ? order.length().units : order.length().points;
}

crdt::TextOrder::Index index_of(const crdt::TextOrder& order, const Key& key, TextUnit unit,
                                std::uint64_t position) {
  if (position > size_of(order, unit)) {
    throw Error(ErrorCode::kInvalid, "the text " + key.name() + " has no position " +
                                         std::to_string(position) + ", its size is " +
                                         std::to_string(size_of(order, unit)));
  }
  const auto at = static_cast<crdt::TextOrder::Index>(position);
  if (unit == TextUnit::kCodePoints) return at;
  const auto index = order.index_of_unit(at);
  if (!index) {
    throw Error(ErrorCode::kInvalid, "the position " + std::to_string(position) + " of the text " +
                                         key.name() + " is within a character");
  }
  return *index;
}

std::uint64_t units_before(const crdt::TextOrder& order, crdt::TextOrder::Index index,
                           TextUnit unit) {
  return unit == TextUnit::kUtf16 ? order.length_before(index).units : index;
}

std::string read(const crdt::TextOrder& order, const Key& key, TextUnit unit,
                 std::uint64_t position, std::uint64_t count) {
  const std::uint64_t size = size_of(order, unit);
  const std::uint64_t end = count > size - std::min(position, size) ? size : position + count;
  const crdt::TextOrder::Index from = index_of(order, key, unit, position);
  return order.text(from, index_of(order, key, unit, std::max(position, end)) - from);
}

std::uint64_t TextEditor::size() const { return size_of(rows_.order(), unit_); }

TextEditor::Index TextEditor::index_of(std::uint64_t position) const {
  return types::index_of(rows_.order(), key_, unit_, position);
}

std::string TextEditor::read(std::uint64_t position, std::uint64_t count) const {
  return types::read(rows_.order(), key_, unit_, position, count);
}

void TextEditor::insert(std::uint64_t position, std::string_view utf8) {
  const Index index = index_of(position);
  insert_at(index, utf8, checked_points(utf8));
}

TextEditor::Index TextEditor::checked_points(std::string_view utf8) const {
  const auto length = crdt::utf8_length(utf8);
  if (length) return length->points;
  throw Error(ErrorCode::kInvalid,
              "what is inserted into the text " + key_.name() + " is no valid UTF-8");
}

void TextEditor::insert_at(Index index, std::string_view utf8, Index points) {
  if (open_ && index >= open_->begin && index <= open_->end() && open_->count + points <= kRunMax) {
    rows_.order().write_into(open_->begin, index - open_->begin, utf8);
    open_->count += points;
    return;
  }
  while (!utf8.empty()) {
    const crdt::TextPrefix run = crdt::utf8_prefix(utf8, kRunMax);
    begin_run(index, utf8.substr(0, run.bytes));
    utf8.remove_prefix(run.bytes);
    index += run.length.points;
  }
}

void TextEditor::begin_run(Index index, std::string_view utf8) {
  write_run();
  const auto position = [](const std::optional<crdt::TextOrder::Shown>& place) {
    return place ? crdt::position_at(*place) : std::string();
  };
  const std::string left = index == 0 ? "" : position(rows_.order().place_at(index - 1));
  begin_run(left, position(rows_.order().place_at(index)), index, utf8);
}

void TextEditor::begin_run(std::string_view left, std::string_view right, Index index,
                           std::string_view utf8) {
  const WriteName name = txn_.next_write();
  const std::string first = crdt::position_between(left, right, {name.origin, name.seq});
  const crdt::TextPrefix all = crdt::utf8_prefix(utf8, UINT32_MAX);
  open_ = {std::string(crdt::place_of(first)->run), index, all.length.points};
  begun_.push_back({open_->run, 0, UINT32_MAX});
  rows_.order().add(open_->run, utf8);
}

// Writes the open run. Its name is that of this write, or of another write since; no later write
// gets it.
void TextEditor::write_run() {
  if (!open_) return;
  txn_.put(run_row(key_, open_->run), rows_.order().text(open_->begin, open_->count));
  written_.push_back({open_->run, 0, open_->count});
  open_.reset();
}

void TextEditor::erase(std::uint64_t position, std::uint64_t count) {
  const Index from = index_of(position);
  erase_range(from, index_of(count > UINT64_MAX - position ? UINT64_MAX : position + count));
}

void TextEditor::erase_range(Index from, Index to) {
  const Index open_from = open_ ? std::clamp(from, open_->begin, open_->end()) : to;
  const Index open_to = open_ ? std::clamp(to, open_->begin, open_->end()) : to;
  if (const Index behind = std::max(from, open_to); behind < to) {
    erase_written(behind, to - behind);
  }
  if (open_ && open_from < open_to) {
    if (open_to - open_from == open_->count) {
      rows_.order().erase_at(open_from, open_->count);
      open_.reset();  // It was never written.
    } else {
      rows_.order().unwrite(open_->begin, open_from - open_->begin, open_to - open_from);
      open_->count -= open_to - open_from;
    }
  }
  const Index before = std::min(to, open_from);
  if (from >= before) return;
  erase_written(from, before - from);
  if (open_) open_->begin -= before - from;
}

void TextEditor::erase_written(Index index, Index count) {
  for (crdt::TextOrder::Part& part : rows_.order().erase_at(index, count)) {
    deleted_[std::move(part.run)].push_back({part.start, part.count});
  }
}

void TextEditor::replace(std::string_view whole) {
  (void)checked_points(whole);
  const std::u32string before = crdt::utf8_decoded(rows_.order().text(0, UINT32_MAX));
  for (const TextReplacement& each : difference(before, crdt::utf8_decoded(whole), unit_)) {
    if (!each.erased.empty()) erase_range(each.index, each.index + checked_points(each.erased));
    insert_at(each.index, each.inserted, checked_points(each.inserted));
  }
}

// The characters of a run get their names when it is written.
std::string TextEditor::anchor(std::uint64_t position, TextSide side) {
  const Index index = index_of(position);
  write_run();
  return anchor_at(rows_.order(), index, side);
}

std::uint64_t TextEditor::position(std::string_view anchor) const {
  return units_before(rows_.order(), index_of_anchor(rows_.order(), anchor), unit_);
}

std::vector<TextEditor::Part> TextEditor::insert_between(std::string_view left,
                                                         std::string_view right, Index index,
                                                         std::string_view utf8) {
  std::vector<Part> runs;
  std::string last(left);
  while (!utf8.empty()) {
    const crdt::TextPrefix run = crdt::utf8_prefix(utf8, kRunMax);
    write_run();
    begin_run(last, right, index, utf8.substr(0, run.bytes));
    runs.push_back({open_->run, 0, run.length.points});
    last = crdt::position_at({open_->run, run.length.points - 1});
    utf8.remove_prefix(run.bytes);
    index += run.length.points;
  }
  write_run();
  return runs;
}

void TextEditor::erase_part(const Part& part) {
  const std::uint64_t end = std::uint64_t{part.start} + part.count;
  for (std::uint64_t start = part.start; start < end;) {
    const Index index = rows_.order().index_of({part.run, start});
    const auto next = rows_.order().place_at(index);
    const auto within = next ? crdt::index_in(part.run, *next) : std::nullopt;
    if (!within || *within >= end) return;
    start = *within;
    if (next->run != part.run) continue;  // Inserted in front of that character.
    const auto count = static_cast<Index>(std::min<std::uint64_t>(next->rest, end - start));
    erase_range(index, index + count);
    start += count;
  }
}

void TextEditor::finish() {
  write_run();
  for (auto& [run, parts] : deleted_) write_deleted(run, std::move(parts));
  deleted_.clear();
  for (const std::string& run : rows_.take_garbage()) {
    if (!rows_.order().shows(run)) txn_.clear(run_row(key_, run));
  }
}

void TextEditor::write_deleted(const std::string& run, std::vector<RunPart> parts) {
  const Key row = run_row(key_, run);
  if (!rows_.order().shows(run)) {
    rows_.note_cleared(run);
    txn_.clear(row);
    return;
  }
  if (!txn_.contains(row)) return;  // Cleared by others, and not seen here yet.
  const std::vector<RunPart> before = rows_.deleted(run);
  parts.insert(parts.end(), before.begin(), before.end());
  parts = joined(std::move(parts));
  for (const RunPart& part : parts) {
    if (std::ranges::find(before, part) == before.end()) txn_.put(part_row(key_, run, part), {});
  }
  for (const RunPart& part : before) {
    if (std::ranges::find(parts, part) == parts.end()) txn_.remove(part_row(key_, run, part));
  }
  rows_.set_deleted(run, std::move(parts));
}

}  // namespace anabranch::types
