// A view as a scope: what a read transaction reads from.
#pragma once

#include <anabranch/transaction.h>

#include "leader/view.h"

namespace anabranch::leader {

// The view must outlive it. Every write throws Error{kInvalid}.
class ViewScope final : public ReadTransaction {
 public:
  explicit ViewScope(const View& view) : view_(view) {}

  void atomically(const std::function<void(Scope&)>& /*function*/) override { refuse(); }
  [[nodiscard]] WriteName next_write() const override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    throw Error(ErrorCode::kInvalid,
                "a read transaction cannot write: use transact, or transact_if");
  }
  void look(const std::function<void(const View&)>& function) const override { function(view_); }
  void change(const std::function<void(GroupWriter&)>& /*function*/) override { refuse(); }

  const View& view_;
};

}  // namespace anabranch::leader
