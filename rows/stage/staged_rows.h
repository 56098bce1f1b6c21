// The rows of a stage, found by their paths. They stay where they are until all end.
//
// A hash table with open addressing and linear probing (D. Knuth, "The Art of Computer
// Programming", vol. 3, 6.4, algorithm L); few rows are searched one after another. An order is
// kept only of the changed rows that a scan of the reader below the stage may pass over: of all
// others that scan has the order. It is made when it is asked for: most groups of writes have no
// scan.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "core/hash.h"
#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::rows {

struct StagedRow {
  // A row as read.
  StagedRow(const core::Path& at, crdt::Row read)
      : path(at), row(std::move(read)), stored(!row.empty()) {}

  core::Path path;
  crdt::Row row;
  bool stored;                // The reader below has the row.
  bool changed = false;       // Edited, not only read.
  core::Hash128 before = {};  // Once changed: the digest of the row as stored in the table.
};

class StagedRows {
 public:
  // With a random seed nobody can choose paths that are slow to find.
  explicit StagedRows(std::uint64_t seed) : hash_{seed} {}
  // A move leaves the rows where they are in memory.
  StagedRows(StagedRows&&) = default;
  StagedRows& operator=(StagedRows&&) = delete;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Returns the row at a path; null when there is none.
  [[nodiscard]] const StagedRow* find(const core::Path& path) const;
  [[nodiscard]] StagedRow* find(const core::Path& path) {
    return const_cast<StagedRow*>(std::as_const(*this).find(path));
  }
  // Adds a row as read; there must be none at its path.
  StagedRow& add(const core::Path& path, crdt::Row row);
  // Call it once for each changed row of this object that a scan of the reader below may pass over.
  void note_new(StagedRow& row) { unordered_.push_back(&row); }

  // Calls function(row) for every row, in the order in which they were added.
  template <typename Function>
  void for_each(const Function& function) const {
    visit(*this, function);
  }
  // Returns the rows that have changed, in the order of their paths.
  [[nodiscard]] std::vector<StagedRow*> changed();

  struct ByPath {
    using is_transparent = void;
    bool operator()(const StagedRow* one, const StagedRow* other) const {
      return one->path < other->path;
    }
    bool operator()(const StagedRow* one, std::string_view encoded) const {
      return one->path.encoded() < encoded;
    }
    bool operator()(std::string_view encoded, const StagedRow* one) const {
      return encoded < one->path.encoded();
    }
  };
  using New = std::set<StagedRow*, ByPath>;
  // Returns the rows noted as new.
  [[nodiscard]] const New& new_rows() const {
    new_.insert(unordered_.begin(), unordered_.end());
    unordered_.clear();
    return new_;
  }

 private:
  using Rows = std::vector<StagedRow>;
  // A place of the table.
  struct Place {
    std::uint32_t hash = 0;
    StagedRow* row = nullptr;  // Null: free.
  };

  template <typename Self, typename Function>
  static void visit(Self& self, const Function& function) {
    for (auto& row : self.few_) function(row);
    for (auto& rows : self.more_) {
      for (auto& row : rows) function(row);
    }
  }
  // Returns the vector to which the next row is added; it has room for it.
  Rows& with_room();
  void rehash(std::size_t places);
  void enter(StagedRow& row, std::uint64_t hash);

  core::PathHash hash_;
  Rows few_;                // The first ones.
  std::vector<Rows> more_;  // Each with room for as many as it may get.
  std::size_t size_ = 0;
  std::vector<Place> places_;  // Empty, or a power of two of them, at most half of them taken.
  // The new rows: those that are in order already, and those noted since the order was asked for.
  mutable New new_;
  mutable std::vector<StagedRow*> unordered_;
};

}  // namespace anabranch::rows
