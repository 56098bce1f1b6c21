// What batches of the log change, as those are told who watch some of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/watch.h>

#include "core/batch.h"
#include "core/path.h"

namespace anabranch::leader {

// What one transaction has changed of what is watched.
struct Told {
  Changes changes;
  core::Origin origin = 0;
  core::Seq last = 0;  // Of the transaction.
};

// Where an op acts; null when it is one that only a newer version knows.
[[nodiscard]] const core::Path* path_of(const core::Op& op);
// Whether it takes away all that is below that path.
[[nodiscard]] bool clears(const core::Op& op);
// The op in the words of watch.h.
[[nodiscard]] Change change_of(const core::Op& op);

// Adds a change of a transaction to what is told of its batch.
void add(std::vector<Told>& told, const core::Batch& batch, const core::Transaction& txn,
         Change change);
// What is told of a batch of the rows whose encoded paths begin so.
[[nodiscard]] std::vector<Told> told_of(const core::Batch& batch, std::string_view prefix);

// What this takes in memory, about.
[[nodiscard]] std::size_t bytes_of(const Changes& changes);

// The encoded paths of the keys of a database that begin so. Throws Error{kInvalid} when there is
// no such database.
[[nodiscard]] std::string watched_prefix(std::uint8_t database, std::string_view keys);

}  // namespace anabranch::leader
