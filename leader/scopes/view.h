// The reading half of a Scope, over any reader. Values are resolved here, on the way out; expired
// keys are hidden, and what is inside elements that are not in their list of containers
// (rows/gone_element.h). No stored bytes depend on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/scope.h>

#include "crdt/expiry.h"
#include "rows/decider.h"
#include "rows/names.h"
#include "rows/row_reader.h"

namespace anabranch::leader {

// Cheap to construct; the references must outlive it. Functions as in Scope.
class View {
 public:
  // Keys expire by the time of a transaction; without one, by the time at which the first key needs
  // it.
  View(const rows::RowReader& rows, const rows::Names& names, const rows::Resolvers& resolvers,
       std::optional<core::Hlc> transaction = {})
      : rows_(rows), names_(names), decider_(rows, resolvers), transaction_(transaction) {}
  // Keys expire by this time.
  View(const rows::RowReader& rows, const rows::Names& names, const rows::Resolvers& resolvers,
       core::Millis now_ms)
      : rows_(rows), names_(names), decider_(rows, resolvers), now_ms_(now_ms) {}

  [[nodiscard]] Type type(const Key& key) const;
  // The same, where it is known whether the row of the string at the key shows anything.
  [[nodiscard]] Type type(const core::Path& place, bool is_string) const;
  [[nodiscard]] std::optional<std::string> get(const Key& row) const;
  bool show(const Key& row, const Scope::Show& function) const;
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const;
  // Returns the value that a row shows, without the sum; nullopt if it is hidden or has none.
  [[nodiscard]] std::optional<std::string> value_alone(const core::Path& row) const;
  [[nodiscard]] std::int64_t counter(const Key& row) const;
  [[nodiscard]] double counter_double(const Key& row) const;
  // Returns the number to which additions to a row add; nullopt if the value there is not an
  // integer, unless the row is a member's.
  [[nodiscard]] std::optional<core::Number> number(const Key& row) const;
  // Returns the integer that is shown by a row, as stored in this state; nullopt if it is none of
  // 64 bits, 0 if the row is hidden or shows nothing.
  [[nodiscard]] std::optional<std::int64_t> integer(const core::Path& path,
                                                    const crdt::Row& stored) const;
  [[nodiscard]] bool contains(const Key& row) const;
  [[nodiscard]] std::uint64_t count(const Key& collection) const;
  void scan(const Key& prefix, const Span& span, const Scope::Visit& visit) const;
  [[nodiscard]] std::optional<std::string> names(const Key& prefix, const Span& span,
                                                 const Scope::VisitName& visit,
                                                 std::size_t hidden_max) const;
  [[nodiscard]] std::optional<double> score(const Key& row) const;
  [[nodiscard]] std::optional<std::uint64_t> rank(const Key& row, RankFrom from) const;
  [[nodiscard]] std::uint64_t count(const Key& sorted_set, const ScoreSpan& span) const;
  void scan(const Key& sorted_set, const ScoreSpan& span, const Scope::VisitScore& visit) const;
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const;
  // Returns the time at which the key expires, in milliseconds since 1970; nullopt if it never
  // expires, or shows nothing.
  [[nodiscard]] std::optional<std::int64_t> deadline(const Key& key) const;
  [[nodiscard]] core::Millis now_ms() const;

  // Whether the key of this row or prefix has expired.
  [[nodiscard]] bool expired(const core::Path& path) const;
  // The same; nullopt where that depends on a value that cannot be decided.
  [[nodiscard]] std::optional<bool> find_expired(const core::Path& path) const;
  // Whether all at and below a path is hidden: its key has expired, or it is, or is inside, an
  // element that is not in its list.
  [[nodiscard]] bool hidden(const core::Path& path) const;
  // Returns whether a key, or a field of a map, shows anything unless it has expired.
  [[nodiscard]] bool shows_at(const core::Path& place) const;
  // Returns whether the value at a key (its encoded path) can be decided: false where a policy of a
  // newer version decides between siblings. Then functions that need the value throw
  // Error{kUnsupported}, those for the expiry of the key as well.
  [[nodiscard]] bool can_decide(std::string_view key) const;
  // Returns the value at a key (its encoded path), whether expired or not.
  [[nodiscard]] crdt::ShownKey shown_key(std::string_view key) const;
  // Returns the expiry in a cell that decides for the key; nullopt if none does.
  [[nodiscard]] std::optional<crdt::Deciding> deciding(std::string_view key,
                                                       const crdt::Cell& cell) const {
    return crdt::deciding_expiry(cell, shown_key(key));
  }

 private:
  // Returns the result of a function of the value that a row shows, whose bytes are valid until it
  // returns; an empty result if the row shows none.
  template <typename Function>
  auto with_value(const core::Path& path, const Function& function) const
      -> decltype(function(std::string_view()));
  // As number(), of a row that is not hidden.
  [[nodiscard]] std::optional<core::Number> number(const core::Path& path,
                                                   const crdt::Row& stored) const;
  // Returns a row; an empty one if it is hidden.
  [[nodiscard]] crdt::Row row_at(const core::Path& path) const;
  // Returns the sum in a row, corrected; 0 if it is hidden.
  [[nodiscard]] core::Number sum_at(const core::Path& path) const;
  // Returns the first type, in the order of types, that shows something at a key or a field of a
  // map.
  [[nodiscard]] Type type_at(const core::Path& place) const;
  // The same, where no string is shown.
  [[nodiscard]] Type type_beside_string(const core::Path& place) const;
  // Whether a key, or a field of a map, has expired, or is in an element that is not in its list.
  [[nodiscard]] bool is_gone(const core::Path& place) const;
  // Returns the value that a row shows.
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path, crdt::Row row) const;

  const rows::RowReader& rows_;
  const rows::Names& names_;
  rows::Decider decider_;
  std::optional<core::Hlc> transaction_;
  mutable std::optional<core::Millis> now_ms_;  // Once it was needed.
};

// Returns the path of a key, which the key stores in encoded form.
core::Path path_of(const Key& key);
// Returns the path of the string at a key with this path.
core::Path path_of_string(const core::Path& key);

// Returns the rows below a prefix whose first name below it is in the span.
core::PathRange range_of(const core::Path& prefix, const Span& span);

}  // namespace anabranch::leader
