#include "leader/sweeps/row_finder.h"

#include <algorithm>
#include <utility>

#include "core/batch.h"
#include "core/path_parts.h"

namespace anabranch::leader {

namespace {

// Most rows are skipped by their keys alone.
constexpr std::size_t kWalkedPerLook = 10;

std::string tag_in_path(Type type) {
  std::string bytes(core::kComponentEnd);
  bytes += static_cast<char>(type);
  return bytes.append(core::kComponentEnd);
}

}  // namespace

RowFinder::RowFinder(const regions::Replica& replica, const storage::Storage& storage,
                     FinderLimits limits, Kind kind)
    : replica_(replica),
      storage_(storage),
      limits_(limits),
      kind_(std::move(kind)),
      bytes_(tag_in_path(kind_.type)) {
  walk_anew();
}

bool RowFinder::look() {
  const bool is_again = !walking_ && std::exchange(again_, false);
  if (is_again || replica_.names().vectors().jumps() != jumps_) walk_anew();
  bool more = read_log();
  more = (walking_ && walk()) || more;
  return more;
}

void RowFinder::walk_anew() {
  jumps_ = replica_.names().vectors().jumps();
  position_ = storage_.last_position() + 1;
  walking_ = true;
  after_.clear();
}

bool RowFinder::read_log() {
  if (position_ >= replica_.state().tagged_records().without_from(kind_.type)) {
    position_ = std::max(position_, storage_.last_position() + 1);
    return false;
  }
  for (std::size_t looks = 0; looks < limits_.looks; ++looks) {
    const auto record = storage_.read_log(position_);
    if (!record) return false;
    if (is_full()) return true;
    if (record->position != position_) {  // Trimmed before the sweep read it.
      walk_anew();
      return true;
    }
    position_ = record->position + 1;
    if (record->bytes.find(bytes_) == std::string::npos) continue;
    const auto batch = core::decode_batch(record->bytes);
    if (!batch.ok()) {  // Damaged on the disk: treated as trimmed.
      walk_anew();
      return true;
    }
    for (const core::Transaction& txn : batch.value().transactions) {
      for (const core::Op& op : txn.ops) kind_.op(op);
    }
  }
  return true;
}

bool RowFinder::walk() {
  const auto snapshot = storage_.snapshot();
  const std::string from = after_.empty() ? std::string() : after_ + '\0';
  rows::RowWalk rows(*snapshot, {.from = from}, replica_.names().origins());
  for (std::size_t looks = 0; looks < limits_.looks * kWalkedPerLook; ++looks, rows.next()) {
    if (!rows.valid()) {
      walking_ = false;
      return false;
    }
    if (is_full()) return true;
    after_ = rows.key();
    if (rows.key().find(bytes_) == std::string_view::npos) continue;
    kind_.row(rows.row().value_or_raise());
  }
  return true;
}

}  // namespace anabranch::leader
