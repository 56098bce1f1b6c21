// Transactions: several reads and writes that become visible together, in every region.
#pragma once

#include <memory>

#include <anabranch/scope.h>

namespace anabranch {

// The scope inside Store::transact: sees its own writes, and nobody sees them before the end.
// Conflicts within the region cannot happen, since it has one writer at a time; across regions
// transactions merge op by op. Valid inside the function only, on its thread only; the store itself
// must not be written or transacted on from there (Error{kInvalid}).
class Transaction : public Scope {
 protected:
  Transaction() = default;
};

}  // namespace anabranch
