#include "leader/scopes/lent_scope.h"

#include <anabranch/error.h>

#include <string>

namespace anabranch::leader {

void Borrower::refuse() const {
  throw Error(ErrorCode::kInvalid,
              any() ? "a transaction belongs to the thread that its function runs on: use the "
                      "store itself on other threads"
                    : "this transaction is over: what a function is given may be used until the "
                      "function returns");
}

void LentRead::refuse() {
  throw Error(ErrorCode::kInvalid, "a read transaction cannot write: use transact, or transact_if");
}

void LentRead::refuse_late() const {
  throw Error(ErrorCode::kTimeout,
              "this read has used one state for over " + std::to_string(limit_.ms) +
                  " ms (read_ms_max), which keeps all that is replaced meanwhile on the disk: end "
                  "it and begin another");
}

}  // namespace anabranch::leader
