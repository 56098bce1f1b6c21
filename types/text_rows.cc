#include "types/text_rows.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

#include "core/varint.h"

namespace anabranch::types {

namespace {

using crdt::TextOrder;

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorCode::kCorrupt, std::string("a text holds ") + what);
}

// Returns the run with its row at a place.
std::string_view run_at(const std::optional<crdt::Place>& place) {
  if (!place || place->index != 0) refuse("a run at what is no position of one");
  return place->run;
}

void check_text(std::string_view text) {
  if (!crdt::utf8_length(text)) refuse("a run that is no UTF-8");
}

std::string encode_part(RunPart part) {
  std::string bytes;
  core::put_varint(bytes, part.start);
  core::put_varint(bytes, part.count);
  return bytes;
}

RunPart decode_part(std::string_view bytes) {
  const auto start = core::take_varint(bytes);
  const auto count = start ? core::take_varint(bytes) : std::nullopt;
  if (!count || !bytes.empty() || *start > UINT32_MAX || *count > UINT32_MAX) {
    refuse("a deleted part that is none");
  }
  return {static_cast<TextOrder::Index>(*start), static_cast<TextOrder::Index>(*count)};
}

}  // namespace

Key run_row(const Key& key, std::string_view run) {
  return key.element(crdt::position_at({run, 0}), Type::kText);
}

Key part_row(const Key& key, std::string_view run, RunPart part) {
  return run_row(key, run).part(encode_part(part));
}

TextRows::TextRows(const Scope& scope, const Key& key) {
  // A run comes before its parts, and those before the next run.
  crdt::TextOrder::Builder order;
  crdt::PositionReader positions;
  std::string last;
  scope.scan(key.of(Type::kText), [&](const Entry& entry) {
    if (entry.path.empty() || entry.path.size() > 2) return true;  // No row of a text.
    const std::string_view run = run_at(positions.place_of(entry.path.front()));
    if (entry.path.size() == 1) {
      check_text(entry.value);
      if (!entry.value.empty()) order.add(last = run, entry.value);
      return true;
    }
    const RunPart part = decode_part(entry.path.back());
    if (run == last) {
      order.hide(part.start, part.count);
      if (order.shows_last()) deleted_[last].push_back(part);
    }
    if (run != last || !order.shows_last()) garbage_.insert(std::string(run));
    return true;
  });
  order_ = order.finish();
}

void TextRows::apply(Change::Kind kind, const std::vector<std::string>& path,
                     const std::string& value) {
  if (path.empty() || path.size() > 2) return;  // No row of a text.
  const std::string run(run_at(crdt::place_of(path.front())));
  if (path.size() == 2) {
    const RunPart part = decode_part(path.back());
    if (kind == Change::Kind::kPut) add_part(run, part);
    if (kind == Change::Kind::kRemove) {
      const auto found = deleted_.find(run);
      if (found == deleted_.end()) return;
      std::erase(found->second, part);
      if (found->second.empty()) deleted_.erase(found);
    }
    return;
  }
  if (kind == Change::Kind::kPut) {
    add_run(run, value);
  } else if (kind == Change::Kind::kRemove || kind == Change::Kind::kClear) {
    order_.erase({run, 0, UINT32_MAX});
    cleared_.erase(run);
    if (deleted_.erase(run) > 0) garbage_.insert(run);  // Parts that the clear may not have seen.
  }
}

void TextRows::add_run(const std::string& run, const std::string& text) {
  if (order_.shows(run) || cleared_.contains(run) || text.empty()) return;
  check_text(text);
  order_.add(run, text);
  for (const RunPart& part : deleted(run)) order_.erase({run, part.start, part.count});
}

void TextRows::add_part(const std::string& run, RunPart part) {
  order_.erase({run, part.start, part.count});
  if (!order_.shows(run)) {
    garbage_.insert(run);
    return;
  }
  std::vector<RunPart>& parts = deleted_[run];
  if (std::ranges::find(parts, part) == parts.end()) parts.push_back(part);
}

std::vector<RunPart> TextRows::deleted(const std::string& run) const {
  const auto found = deleted_.find(run);
  return found == deleted_.end() ? std::vector<RunPart>() : found->second;
}

void TextRows::set_deleted(const std::string& run, std::vector<RunPart> parts) {
  deleted_[run] = std::move(parts);
}

void TextRows::note_cleared(const std::string& run) {
  deleted_.erase(run);
  garbage_.erase(run);
  cleared_.insert(run);
}

std::set<std::string> TextRows::take_garbage() { return std::exchange(garbage_, {}); }

}  // namespace anabranch::types
