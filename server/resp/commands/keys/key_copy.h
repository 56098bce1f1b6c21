// Copies of keys: the base of COPY and RENAME.
#pragma once

#include <cstddef>

#include <anabranch/scope.h>

namespace anabranch::server {

// So many rows are copied by one command; more would hold up all others.
inline constexpr std::size_t kCopiedMax = 100'000;

// Writes what a key shows at another one, and its deadline, in place of what that showed. Sums and
// concurrent values become one value. The keys differ, and `from` holds a value of the type. Throws
// Error{kTooLarge} for a value of more than kCopiedMax rows.
void copy_key(Scope& txn, const Key& from, Type type, const Key& to);

}  // namespace anabranch::server
