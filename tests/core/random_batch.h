// Batches of every shape from a random engine, for round trips and as prey for mutations.
#pragma once

#include <cstdint>
#include <random>

#include "core/batch.h"

namespace anabranch::test {

using Rng = std::mt19937_64;

// A number from 0 to `max`.
std::uint64_t up_to(Rng& rng, std::uint64_t max);
// Up to `size_max` bytes of any kind, zeros and 0xFF more often than others.
std::string random_bytes(Rng& rng, std::size_t size_max);
// Integers of 64 and of 128 bits and reals, whole ones among them.
core::Number random_number(Rng& rng);
// A valid batch with every kind of op, optional parts present or absent.
core::Batch random_batch(Rng& rng);

}  // namespace anabranch::test
