// What rows mean to a caller: the reading half of a Scope, over any reader. Values are resolved
// here, on the way out, and keys that have expired are hidden; nothing stored depends on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/scope.h>

#include "crdt/expiry.h"
#include "rows/decider.h"
#include "rows/row_reader.h"

namespace anabranch::leader {

// Cheap to make; the references must outlive it. Functions as in Scope.
class View {
 public:
  // `now_ms` is the time by which keys expire; when none is given it is the one of the first key
  // that asks for it.
  View(const rows::RowReader& rows, const rows::Names& names, const rows::Resolvers& resolvers,
       std::optional<core::Millis> now_ms = {})
      : rows_(rows), names_(names), decider_(names, resolvers), now_ms_(now_ms) {}

  [[nodiscard]] Type type(const Key& key) const;
  [[nodiscard]] std::optional<std::string> get(const Key& row) const;
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const;
  [[nodiscard]] std::int64_t tally(const Key& row) const;
  [[nodiscard]] double tally_real(const Key& row) const;
  // The number to which additions to a row add; nothing when a value there is no integer, unless it
  // is a member's.
  [[nodiscard]] std::optional<core::Number> number(const Key& row) const;
  [[nodiscard]] bool contains(const Key& row) const;
  [[nodiscard]] std::uint64_t count(const Key& collection) const;
  void scan(const Key& prefix, const Span& span, const Scope::Visit& visit) const;
  void names(const Key& prefix, const Span& span, const Scope::VisitName& visit) const;
  [[nodiscard]] std::optional<double> score(const Key& row) const;
  [[nodiscard]] std::optional<std::uint64_t> rank(const Key& row, bool backwards) const;
  [[nodiscard]] std::uint64_t count(const Key& sorted_set, const ScoreSpan& span) const;
  void scan(const Key& sorted_set, const ScoreSpan& span, const Scope::VisitScore& visit) const;
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const;
  // When the key is to expire, in milliseconds since 1970; nothing when it never is, or when
  // nothing is shown at it.
  [[nodiscard]] std::optional<std::int64_t> deadline(const Key& key) const;
  [[nodiscard]] core::Millis now_ms() const;

  // Whether the key that a row, or a prefix, belongs to has expired.
  [[nodiscard]] bool expired(const core::Path& path) const;
  // What is at a key (its encoded path) apart from whether that has expired.
  [[nodiscard]] crdt::ShownKey shown_key(std::string_view key) const;
  // The expiry that decides, in a cell of the key's; nothing when none does.
  [[nodiscard]] std::optional<crdt::Deciding> deciding(std::string_view key,
                                                       const crdt::Cell& cell) const {
    return crdt::deciding_expiry(cell, shown_key(key));
  }

 private:
  // A row; an empty one when its key has expired.
  [[nodiscard]] crdt::Row row_at(const core::Path& path) const;
  // The first type in the order of types that shows something at a key, or at a field of a map.
  [[nodiscard]] Type type_at(const core::Path& place) const;
  // What a row shows.
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path, crdt::Row row) const;

  const rows::RowReader& rows_;
  const rows::Names& names_;
  rows::Decider decider_;
  mutable std::optional<core::Millis> now_ms_;
};

// The path of a key, which is stored in it.
core::Path path_of(const Key& key);

}  // namespace anabranch::leader
