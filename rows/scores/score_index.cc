#include "rows/scores/score_index.h"

#include <utility>

#include <anabranch/error.h>

#include "core/planted_bug.h"
#include "core/varint.h"
#include "storage/layout.h"

namespace anabranch::rows {

using core::Path;

namespace {

[[noreturn]] void corrupt() {
  throw Error(ErrorCode::kCorrupt, "what is stored of an order of scores cannot be read");
}

std::string encode_order(const Path& sorted_set, const ScoreOrder& order) {
  std::string bytes;
  core::put_varint(bytes, order.id);
  core::put_varint(bytes, order.stamp);
  core::put_varint(bytes, order.whole ? 1 : 0);
  core::put_varint(bytes, order.rule);
  core::put_bytes(bytes, order.ordered_to);
  if (core::is_hashed(sorted_set)) core::put_bytes(bytes, sorted_set.encoded());
  return bytes;
}

// Decodes an order, and leaves the bytes behind it.
ScoreOrder take_order(std::string_view& bytes) {
  const auto id = core::take_varint(bytes);
  const auto stamp = id ? core::take_varint(bytes) : std::nullopt;
  const auto whole = stamp ? core::take_varint(bytes) : std::nullopt;
  const auto rule = whole ? core::take_varint(bytes) : std::nullopt;
  const auto ordered_to = rule ? core::take_bytes(bytes) : std::nullopt;
  if (!ordered_to) corrupt();
  return {*id, *stamp, *whole == 1, *rule, std::string(*ordered_to)};
}

// Returns the path behind a row key, or, if the key is a hash, the path in `bytes`.
Path path_behind(std::string_view row_key, std::string_view bytes) {
  if (!core::is_hashed_key(row_key)) return Path::from_encoded(row_key).value_or_raise();
  const auto path = core::take_bytes(bytes);
  if (!path) corrupt();
  return Path::from_encoded(*path).value_or_raise();
}

}  // namespace

std::string order_key(const Path& sorted_set) {
  return std::string(storage::kScoreOrderPrefix) + core::row_key(sorted_set);
}

std::string unordered_key(const Path& sorted_set) {
  return std::string(storage::kUnorderedPrefix) + core::row_key(sorted_set);
}

ScoreOrder decode_order(std::string_view bytes) { return take_order(bytes); }

Path ordered_at(std::string_view key, std::string_view value) {
  (void)take_order(value);
  return path_behind(key.substr(storage::kScoreOrderPrefix.size()), value);
}

Path unordered_at(std::string_view key, std::string_view value) {
  return path_behind(key.substr(storage::kUnorderedPrefix.size()), value);
}

std::optional<ScoreOrder> find_order(const ScoreTable& table, const Masks& masks,
                                     const Path& sorted_set) {
  const auto bytes = table.score_at(order_key(sorted_set));
  if (!bytes) return std::nullopt;
  ScoreOrder order = decode_order(*bytes);
  if (masks.voids(sorted_set, order.stamp)) return std::nullopt;
  return order;
}

void ScoreIndex::drop(const Path& sorted_set, OrderId id) {
  table_.set_score(order_key(sorted_set), std::nullopt);
  table_.set_score(std::string(storage::kOldOrderPrefix) + storage::big_endian(id), "");
}

bool ScoreIndex::is_stale(const Path& sorted_set, const ScoreOrder& order) const {
  return order.rule != scores_.rule(sorted_set, state_) && !planted(core::Bug::kKeepStaleOrder);
}

void ScoreIndex::drop_void(const Path& sorted_set) { (void)order(sorted_set); }

std::optional<ScoreOrder> ScoreIndex::order(const Path& sorted_set) {
  const auto bytes = table_.score_at(order_key(sorted_set));
  if (!bytes) return std::nullopt;
  ScoreOrder order = decode_order(*bytes);
  if (!masks_.voids(sorted_set, order.stamp)) return order;
  drop(sorted_set, order.id);
  return std::nullopt;
}

void ScoreIndex::keep(const Path& sorted_set, const ScoreOrder& order) {
  table_.set_score(order_key(sorted_set), encode_order(sorted_set, order));
}

ScoreOrder ScoreIndex::begin(const Path& sorted_set, bool whole) {
  const std::string counter(storage::kOrderCounterKey);
  const auto newest = table_.score_at(counter);
  ScoreOrder order;
  order.id = newest ? storage::from_big_endian(*newest) + 1 : 1;
  order.stamp = masks_.last_id();
  order.whole = whole;
  order.rule = scores_.rule(sorted_set, state_);
  table_.set_score(counter, storage::big_endian(order.id));
  keep(sorted_set, order);
  return order;
}

void ScoreIndex::order_anew(const Path& sorted_set) {
  if (const auto bytes = table_.score_at(order_key(sorted_set))) {
    drop(sorted_set, decode_order(*bytes).id);
  }
  begin(sorted_set, false);
  std::string path;
  if (core::is_hashed(sorted_set)) core::put_bytes(path, sorted_set.encoded());
  table_.set_score(unordered_key(sorted_set), std::move(path));
}

// An order with a damaged entry is as one that is not as believed.
bool ScoreIndex::change(OrderId id, const std::string& member, std::optional<double> before,
                        std::optional<double> after) {
  try {
    ScoreListEditor list(table_, id);
    if (before && !list.erase(*before, member)) return false;
    return !after || list.insert(*after, member, height_of(member, scores_.seed()));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    return false;
  }
}

void ScoreIndex::move(const crdt::Membership& at, const Path& row, std::optional<double> before,
                      std::optional<double> after) {
  std::optional<ScoreOrder> order = this->order(at.sorted_set);
  // Also if the score stays the same: by the rule of the order, which may come back, it may not.
  if (order && is_stale(at.sorted_set, *order)) return order_anew(at.sorted_set);
  if (before == after) return;
  if (!order && !before) order = begin(at.sorted_set, true);
  bool as_believed = order.has_value();
  if (order && !order->whole && core::row_key(row) > order->ordered_to) return;
  if (order) as_believed = change(order->id, at.member, before, after);
  if (!as_believed) {
    order_anew(at.sorted_set);
  } else if (!after && order->whole && ScoreList(table_, order->id).empty()) {
    table_.set_score(order_key(at.sorted_set), std::nullopt);
  }
}

void ScoreIndex::add(const crdt::Membership& at, double score) {
  const auto order = this->order(at.sorted_set);
  ANABRANCH_ASSERT(order && !order->whole);
  ScoreListEditor(table_, order->id).insert(score, at.member, height_of(at.member, scores_.seed()));
}

void ScoreIndex::went_to(const Path& sorted_set, std::string row_key) {
  auto order = this->order(sorted_set);
  ANABRANCH_ASSERT(order && !order->whole);
  order->ordered_to = std::move(row_key);
  keep(sorted_set, *order);
}

void ScoreIndex::finish(const Path& sorted_set) {
  table_.set_score(unordered_key(sorted_set), std::nullopt);
  std::optional<ScoreOrder> order = this->order(sorted_set);
  if (!order || order->whole) return;
  if (ScoreList(table_, order->id).empty()) {
    table_.set_score(order_key(sorted_set), std::nullopt);
    return;
  }
  order->whole = true;
  order->ordered_to.clear();
  keep(sorted_set, *order);
}

}  // namespace anabranch::rows
