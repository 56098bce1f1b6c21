// A store and LMDB alone with the same rows: what the embedded workloads compare.
#pragma once

#include <string>

#include <anabranch/anabranch.h>

#include "bench/raw_lmdb.h"
#include "bench/sampler.h"

namespace anabranch::bench {

// Filled with `settings.keys` rows. With any durability but kSync LMDB alone does not sync at all
// (MDB_NOSYNC).
struct Sides {
  explicit Sides(const Settings& settings, Durability durability = Durability::kSync);

  // Sides of `compare`: one transaction of `group` puts at random keys for each call.
  [[nodiscard]] Side raw_puts(const Settings& settings, std::size_t group);
  [[nodiscard]] Side puts(const Settings& settings, std::size_t group);

  RawLmdb raw;
  Store store;
};

// Puts rows with the keys `key_of(0)` to `key_of(keys - 1)`.
void fill(Store& store, std::uint64_t keys);
// Puts `group` values at random keys below `keys`, in one transaction.
void put_group(Store& store, Random& random, std::uint64_t keys, std::size_t group);
void put_group(RawLmdb& raw, Random& random, std::uint64_t keys, std::size_t group);

// Whether the store is writing memory to its tables.
bool flushes(const Store& store);
// Returns when it is not. Throws after a minute.
void await_flush(const Store& store);

// "100,000 rows", "1 thread".
std::string rows_text(std::uint64_t rows);
std::string threads_text(int threads);

}  // namespace anabranch::bench
