// The changes of a batch of the log, in the form told to watches and open documents.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/watch.h>

#include "core/batch.h"
#include "core/path.h"

namespace anabranch::leader {

// The changes of one transaction below a watched prefix.
struct Told {
  Changes changes;
  core::Origin origin = 0;
  core::Seq last = 0;  // The last seq of the transaction.
};

// Returns the path where an op acts; null for an op of a newer version.
[[nodiscard]] const core::Path* path_of(const core::Op& op);
// Whether the op removes everything below that path.
[[nodiscard]] bool clears(const core::Op& op);
// Describes the op in the words of watch.h.
[[nodiscard]] Change change_of(const core::Op& op);

// A change of a policy.
struct PolicyChange {
  std::string prefix;  // The common prefix of the encoded paths of all keys below the policy's.
  Change change;
};
// Returns the change that an op makes to a policy; nullopt if it makes none.
[[nodiscard]] std::optional<PolicyChange> policy_change_of(const core::Op& op);

// Adds a change of a transaction to the changes told of its batch.
void add(std::vector<Told>& told, const core::Batch& batch, const core::Transaction& txn,
         Change change);
// Returns the changes of a batch in the rows whose encoded paths begin with `prefix`, and those of
// policies that rule some of these rows.
[[nodiscard]] std::vector<Told> told_of(const core::Batch& batch, std::string_view prefix);

// Returns the approximate size in memory.
[[nodiscard]] std::size_t bytes_of(const Changes& changes);

// Returns the common prefix of the encoded paths of all keys of a database that begin with `keys`.
// Throws Error{kInvalid} if there is no such database.
[[nodiscard]] std::string watched_prefix(std::uint8_t database, std::string_view keys);

}  // namespace anabranch::leader
