#include "tests/rows/stage/stage_world.h"

#include <algorithm>

#include "core/assert.h"
#include "tests/crdt/random_row.h"

namespace anabranch::test {

using core::Components;
using core::Path;
using crdt::Row;

namespace {

// Whether an element of a remove-wins set has been removed.
bool removed(const Row& row) {
  return std::ranges::any_of(row.cell.siblings,
                             [](const crdt::Sibling& each) { return each.value == "0"; });
}

// Adds the places that a row shows on the way to it: {collection, name in it}. Returns false,
// having added some, when the rest of the path has no known shape.
bool show(const Row& row, const Components& parts, std::size_t tag, const Path& place,
          std::vector<std::pair<Path, std::string>>& shown) {
  const std::size_t left = parts.size() - tag;
  if (left == 0) return false;
  const Path collection = place.child(parts[tag]);
  const std::string& type = parts[tag];
  if (type == "s" || type == "f" || type == "F") return left == 1;
  if (type == "E" && removed(row)) return false;
  static constexpr std::string_view kElements = "eEzlt";
  if (type.size() == 1 && kElements.find(type) != std::string_view::npos && left == 2) {
    shown.emplace_back(collection, parts[tag + 1]);
    return true;
  }
  if ((type != "h" && type != "i") || left < 2) return false;
  shown.emplace_back(collection, parts[tag + 1]);
  if (type == "i" && left == 2) return true;
  if (type == "i") shown.clear();  // What is in an element counts nowhere above it.
  return show(row, parts, tag + 2, collection.child(parts[tag + 1]), shown);
}

// Whether a deep row is in an element at the counted level or below.
bool in_deep_element(const Components& parts) {
  for (std::size_t tag = rows::kCountedDepth - 2; tag + 2 < parts.size(); tag += 2) {
    if (parts[tag] == "i") return true;
  }
  return false;
}

std::string name(const Path& path) {
  if (rows::is_deep(path)) return std::to_string(path.components().size()) + " components";
  std::string text;
  for (const std::string& part : path.components()) {
    text += "/" + (part.size() > 20 ? std::to_string(part.size()) + " bytes" : part);
  }
  return text;
}

}  // namespace

StageWorld::StageWorld() : origins_(random_row_origins()) {
  ANABRANCH_ASSERT(storage_.open().ok());
  base_ = std::make_unique<rows::SnapshotReader>(storage_.snapshot(), origins_);
  stage_ = std::make_unique<rows::Stage>(*base_, rows::Stage::Undo::kKept);
}

void StageWorld::set(const Path& path, const Row& row) {
  stage_->edit(path, [&](Row& staged) { staged = row; });
  if (row.empty()) {
    rows_.erase(path);
  } else {
    rows_[path] = row;
  }
  for (const auto& [collection, names] : shown()) collections_.insert(collection);
}

void StageWorld::begin_commit() {
  stage_->take_changes(
      origins_, [](const Path&, Row&) {}, digests_, changes_);
  closed_ = std::move(stage_);
  stage_ = std::make_unique<rows::Stage>(*closed_, rows::Stage::Undo::kKept);
}

void StageWorld::finish_commit() {
  ANABRANCH_ASSERT(storage_.commit({}, changes_).ok());
  changes_.clear();
  base_ = std::make_unique<rows::SnapshotReader>(storage_.snapshot(), origins_);
  stage_->go_on_over(*base_);
  closed_.reset();
}

void StageWorld::rollback(rows::Stage::Savepoint savepoint, Rows rows) {
  stage_->rollback(savepoint);
  rows_ = std::move(rows);
}

std::string StageWorld::difference() const {
  std::set<Path> prefixes{Path()};
  for (const auto& [path, row] : rows_) {
    if (stage_->row(path) != row) return "the row at " + name(path);
    for (Path above = path; !above.empty(); above = above.parent()) prefixes.insert(above);
  }
  for (const Path& prefix : prefixes) {
    std::vector<std::pair<Path, Row>> below;
    for (const auto& [path, row] : rows_) {
      if (prefix.is_prefix_of(path)) below.emplace_back(path, row);
    }
    if (scanned(*stage_, prefix) != below) return "the scan below " + name(prefix);
  }
  const auto truth = shown();
  for (const Path& collection : collections_) {
    const auto found = truth.find(collection);
    const std::size_t size = found == truth.end() ? 0 : found->second.size();
    if (stage_->count(collection) != size) {
      return name(collection) + " shows " + std::to_string(size) + " and counts " +
             std::to_string(stage_->count(collection));
    }
  }
  return {};
}

std::map<Path, std::set<std::string>> StageWorld::shown() const {
  std::map<Path, std::set<std::string>> all;
  for (const auto& [path, row] : rows_) {
    const Components parts = path.components();
    if (!row.present() || parts.size() < 3 || parts[0] == std::string(1, '\0')) continue;
    std::vector<std::pair<Path, std::string>> found{{Path{parts[0]}, parts[1]}};
    if (!show(row, parts, 2, Path{parts[0], parts[1]}, found)) continue;
    if (parts.size() > rows::kCountedDepth && !in_deep_element(parts)) {
      const std::string_view counted = rows::counted_part(path.encoded());
      found.emplace_back(Path::trusted(counted), path.encoded().substr(counted.size()));
    }
    for (const auto& [collection, member] : found) all[collection].insert(member);
  }
  return all;
}

std::vector<std::pair<Path, Row>> scanned(const rows::RowReader& reader, const Path& prefix) {
  return scanned(reader, core::PathRange::below(prefix));
}

std::vector<std::pair<Path, Row>> scanned(const rows::RowReader& reader,
                                          const core::PathRange& range) {
  std::vector<std::pair<Path, Row>> rows;
  reader.scan(range, [&](const Path& path, const Row& row) {
    rows.emplace_back(path, row);
    return true;
  });
  return rows;
}

}  // namespace anabranch::test
