#include "types/text_editor.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

#include "core/assert.h"

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
  Index index = index_of(position);
  const auto length = crdt::utf8_length(utf8);
  if (!length) {
    throw Error(ErrorCode::kInvalid,
                "what is inserted into the text " + key_.name() + " is no valid UTF-8");
  }
  if (open_ && index >= open_->begin && index <= open_->end() &&
      open_->count + length->points <= kRunMax) {
    rows_.order().write_into(open_->begin, index - open_->begin, utf8);
    open_->count += length->points;
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
  const std::string right = position(rows_.order().place_at(index));
  const WriteName name = txn_.next_write();
  const std::string first = crdt::position_between(left, right, {name.origin, name.seq});
  const crdt::TextPrefix all = crdt::utf8_prefix(utf8, UINT32_MAX);
  open_ = {std::string(crdt::place_of(first)->run), index, all.length.points};
  rows_.order().add(open_->run, utf8);
}

// Writes the open run. Its name is that of this write, or of another write since; no later write
// gets it.
void TextEditor::write_run() {
  if (!open_) return;
  txn_.put(run_row(key_, open_->run), rows_.order().text(open_->begin, open_->count));
  open_.reset();
}

void TextEditor::erase(std::uint64_t position, std::uint64_t count) {
  const Index from = index_of(position);
  const Index to = index_of(count > UINT64_MAX - position ? UINT64_MAX : position + count);
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

void TextEditor::finish() {
  write_run();
  for (auto& [run, parts] : deleted_) write_deleted(run, std::move(parts));
  deleted_.clear();
  for (const std::string& run : rows_.take_litter()) {
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
