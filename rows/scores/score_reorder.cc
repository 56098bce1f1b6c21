#include "rows/scores/score_reorder.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/path.h"
#include "rows/key_prefix.h"
#include "storage/layout.h"

namespace anabranch::rows {

using storage::Table;

core::Result<ScoreReorder> ScoreReorder::load(const storage::Snapshot& snapshot) {
  ScoreReorder reorder;
  const auto bytes = snapshot.get(Table::kMeta, storage::kReorderKey);
  if (!bytes) return reorder;
  core::Reader in(*bytes);
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    const std::size_t newer = in.array_of(3);
    Part part;
    part.scope.space = in.bin();
    part.scope.prefix = in.bin();
    part.next = in.bin();
    in.skip(newer);
    reorder.parts_.push_back(std::move(part));
  }
  if (!in.done()) return in.failure();
  return reorder;
}

storage::Change ScoreReorder::change() const {
  std::string key(storage::kReorderKey);
  if (empty()) return {Table::kMeta, std::move(key), std::nullopt};
  std::string bytes;
  core::Writer out(bytes);
  out.array(parts_.size());
  for (const Part& part : parts_) {
    out.array(3).bin(part.scope.space).bin(part.scope.prefix).bin(part.next);
  }
  return {Table::kMeta, std::move(key), std::move(bytes)};
}

void ScoreReorder::add(const std::vector<PolicyScope>& scopes) {
  for (const PolicyScope& scope : scopes) add_scope(scope);
}

void ScoreReorder::add_all() { add_scope({}); }

void ScoreReorder::add_scope(PolicyScope scope) {
  if (!scope.space.empty() && parts_.size() >= kScopesMax) return add_all();
  if (scope.space.empty()) parts_.clear();
  const auto found = std::ranges::find(parts_, scope, &Part::scope);
  if (found != parts_.end()) parts_.erase(found);
  parts_.push_back({.scope = std::move(scope)});
}

std::string ScoreReorder::keys() const {
  const PolicyScope& scope = parts_.front().scope;
  std::string path;
  if (!scope.space.empty()) {
    path = prefix_of_paths(core::Path{scope.space}.encoded(), scope.prefix);
    path.resize(std::min(path.size(), core::Path::kHashedPrefix));
  }
  return std::string(storage::kScoreOrderPrefix) + path;
}

std::string ScoreReorder::next() const {
  const std::string& next = parts_.front().next;
  return next.empty() ? keys() : next;
}

}  // namespace anabranch::rows
