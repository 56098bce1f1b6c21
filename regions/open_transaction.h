// A transaction of an open group, or a part of the transaction that is open already: ends with
// keep(), and without it, as when an exception passes, the writes since its beginning are undone.
// Not thread-safe.
#pragma once

#include "core/hlc.h"
#include "regions/group.h"

namespace anabranch::regions {

class OpenTransaction {
 public:
  // Both must outlive this. The clock gives an outermost transaction its timestamp.
  OpenTransaction(Group& group, core::HybridClock& clock)
      : group_(group), mark_(group.begin(clock)) {}
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction() {
    if (!kept_) group_.rollback(mark_);
  }

  [[nodiscard]] Group& group() { return group_; }
  Group* operator->() { return &group_; }
  // Ends it; its writes are committed with the group. The last call.
  void keep() {
    group_.end(mark_);
    kept_ = true;
  }

 private:
  Group& group_;
  Group::Mark mark_;
  bool kept_ = false;
};

}  // namespace anabranch::regions
