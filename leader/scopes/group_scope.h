// The scope over a replica's open group: reads see the staged writes of the group. Not thread-safe.
#pragma once

#include <anabranch/transaction.h>

#include "leader/scopes/group_writer.h"

namespace anabranch::leader {

class GroupScope final : public Transaction {
 public:
  // All references must outlive the scope.
  GroupScope(regions::Replica& replica, const rows::Resolvers& resolvers, const Options& limits)
      : writer_(replica, resolvers, limits) {}

  [[nodiscard]] GroupWriter& writer() { return writer_; }
  [[nodiscard]] const GroupWriter& writer() const { return writer_; }

  void atomically(const std::function<void(Scope&)>& function) override {
    writer_.atomically([&] { function(*this); });
  }
  [[nodiscard]] WriteName next_write() const override { return writer_.next_write(); }
  [[nodiscard]] Type type(const Key& key) const override { return writer_.type(key); }

 private:
  [[nodiscard]] Opened opened() const override { return {.writer = &writer_}; }

  mutable GroupWriter writer_;
};

}  // namespace anabranch::leader
