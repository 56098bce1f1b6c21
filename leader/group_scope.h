// The scope over a replica's open group: reads see what the group has staged, writes become ops in
// it. An act that finds nothing to do makes no op. Not thread-safe.
#pragma once

#include <anabranch/options.h>
#include <anabranch/transaction.h>

#include "leader/view.h"
#include "regions/replica.h"
#include "rows/resolvers.h"

namespace anabranch::leader {

class GroupScope final : public Transaction {
 public:
  // All references must outlive the scope.
  GroupScope(regions::Replica& replica, const rows::Resolvers& resolvers, const Options& limits)
      : replica_(replica), resolvers_(resolvers), limits_(limits) {}

  void atomically(const std::function<void(Scope&)>& function) override;

  void at_once(const std::function<void(const Scope&)>& function) const override;
  [[nodiscard]] WriteName next_write() const override;
  [[nodiscard]] Type type(const Key& key) const override;
  [[nodiscard]] std::optional<std::string> get(const Key& row) const override;
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const override;
  [[nodiscard]] std::int64_t tally(const Key& row) const override;
  [[nodiscard]] double tally_real(const Key& row) const override;
  [[nodiscard]] bool contains(const Key& row) const override;
  [[nodiscard]] std::uint64_t count(const Key& collection) const override;
  using Scope::scan;
  void scan(const Key& prefix, const Span& span, const Visit& visit) const override;
  void names(const Key& prefix, const Span& span, const VisitName& visit) const override;
  [[nodiscard]] std::optional<double> score(const Key& row) const override;
  [[nodiscard]] std::optional<std::uint64_t> rank(const Key& row, bool backwards) const override;
  [[nodiscard]] std::uint64_t count(const Key& sorted_set, const ScoreSpan& span) const override;
  void scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const override;
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const override;
  [[nodiscard]] std::optional<std::int64_t> deadline(const Key& key) const override;
  [[nodiscard]] std::int64_t now_ms() const override;

  void put(const Key& row, std::string_view value) override;
  void remove(const Key& row) override;
  void add(const Key& row, std::int64_t amount) override;
  void add_real(const Key& row, double amount) override;
  void reset(const Key& row) override;
  void clear(const Key& prefix) override;
  bool expire(const Key& key, std::optional<std::int64_t> deadline_ms) override;

 private:
  // A view on the open group's stage, at the time of the open transaction.
  [[nodiscard]] View view() const;
  // Before something is written at a key where nothing is shown: clears what has expired, or takes
  // away an expiry that stands alone, so that none of it counts for what is written.
  void begin_anew(regions::Group& group, const core::Path& path);
  // Calls function(view) over the open group's stage.
  template <typename Function>
  auto read(const Function& function) const;
  // Throws when there is no room for a transaction that removes, or that adds so many bytes.
  void check_room_to_remove() const;
  void check_room_to_add(std::size_t bytes) const;
  // Runs function(group) as a transaction, or in the one that runs, and checks its size.
  void write(const std::function<void(regions::Group&)>& function);

  regions::Replica& replica_;
  const rows::Resolvers& resolvers_;
  const Options& limits_;
};

}  // namespace anabranch::leader
