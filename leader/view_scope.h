// A view as a scope: what a read transaction reads from.
#pragma once

#include <anabranch/transaction.h>

#include "leader/view.h"

namespace anabranch::leader {

// The view must outlive it. Every write throws Error{kInvalid}.
class ViewScope final : public ReadTransaction {
 public:
  explicit ViewScope(const View& view) : view_(view) {}

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
  const View& view_;
};

}  // namespace anabranch::leader
