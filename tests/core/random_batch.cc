#include "tests/core/random_batch.h"

#include <algorithm>
#include <limits>

namespace anabranch::test {
namespace {

constexpr core::Seq kSeqMax = 1'000'000'000;

bool coin(Rng& rng) { return up_to(rng, 1) == 1; }

core::Path random_path(Rng& rng) {
  core::Path path;
  const std::size_t components = 1 + up_to(rng, 3);
  for (std::size_t i = 0; i < components; ++i) path.append(random_bytes(rng, 8));
  return path;
}

core::Origin random_origin(Rng& rng) { return 1 + up_to(rng, coin(rng) ? 9 : ~0ULL - 1); }

core::VersionVector random_vector(Rng& rng) {
  core::VersionVector vector;
  const std::size_t size = up_to(rng, 4);
  for (std::size_t i = 0; i < size; ++i) vector.set(random_origin(rng), 1 + up_to(rng, kSeqMax));
  return vector;
}

std::optional<core::VersionVector> random_context(Rng& rng, core::Dot dot) {
  if (coin(rng)) return std::nullopt;
  core::VersionVector context = random_vector(rng);
  context.set(dot.origin, up_to(rng, dot.seq - 1));
  return context;
}

std::vector<core::ObservedSlot> random_slots(Rng& rng, core::Dot dot) {
  std::vector<core::ObservedSlot> slots;
  for (const auto& [origin, seq] : random_vector(rng)) {
    if (origin == dot.origin) continue;
    slots.push_back({origin, 1 + up_to(rng, seq - 1), seq, random_number(rng)});
  }
  return slots;
}

core::Op random_op(Rng& rng, core::Dot dot) {
  switch (up_to(rng, 5)) {
    case 0: {
      core::Put put{random_path(rng), random_bytes(rng, 100), {}, random_context(rng, dot)};
      if (coin(rng)) put.base = random_bytes(rng, 10);
      return put;
    }
    case 1:
      return core::Remove{random_path(rng), random_context(rng, dot)};
    case 2:
      return core::Add{random_path(rng), 1 + up_to(rng, dot.seq - 1), random_number(rng),
                       random_number(rng)};
    case 3:
      return core::Reset{random_path(rng), random_slots(rng, dot)};
    case 4: {
      core::Clear clear{random_path(rng), {}};
      for (std::size_t i = up_to(rng, 3); i > 0; --i) {
        clear.tallies.push_back({clear.prefix.child(random_bytes(rng, 4)), random_slots(rng, dot)});
      }
      return clear;
    }
    default:
      return core::UnknownOp{6 + up_to(rng, 1000)};
  }
}

core::Opening random_opening(Rng& rng) {
  return {{rng(), rng()}, "region-" + std::to_string(up_to(rng, 9)), rng(), rng(), rng()};
}

}  // namespace

std::uint64_t up_to(Rng& rng, std::uint64_t max) {
  return std::uniform_int_distribution<std::uint64_t>(0, max)(rng);
}

std::string random_bytes(Rng& rng, std::size_t size_max) {
  constexpr std::string_view kSpecial("\x00\x01\x02\xFF", 4);
  std::string bytes(up_to(rng, size_max), '\0');
  for (char& byte : bytes) {
    byte = coin(rng) ? kSpecial[up_to(rng, 3)] : static_cast<char>(up_to(rng, 255));
  }
  return bytes;
}

core::Number random_number(Rng& rng) {
  const auto any = static_cast<std::int64_t>(rng());
  switch (up_to(rng, 3)) {
    case 0:
      return core::Number::real(static_cast<double>(any % 4096) / 4);
    case 1:
      return core::Number::integer(core::Int128{any} * static_cast<std::int64_t>(rng() >> 1U));
    case 2:
      return any;
    default:
      return any % 200;
  }
}

core::Batch random_batch(Rng& rng) {
  core::Batch batch;
  batch.origin = random_origin(rng);
  for (std::uint8_t& byte : batch.previous) byte = static_cast<std::uint8_t>(up_to(rng, 255));
  batch.deps_changed = random_vector(rng);
  batch.deps_changed.set(batch.origin, 0);
  if (coin(rng)) {
    for (std::size_t i = batch.deps_changed.size(); i > 0; --i) batch.deps_hashes.push_back(rng());
  }
  if (coin(rng)) batch.opening = random_opening(rng);
  core::Seq next = 1 + up_to(rng, coin(rng) ? 3 : kSeqMax);
  const std::size_t transactions = 1 + up_to(rng, 3);
  for (std::size_t i = 0; i < transactions; ++i) {
    core::Transaction transaction{next, {rng()}, {}};
    const std::size_t ops = 1 + up_to(rng, 4);
    for (std::size_t k = 0; k < ops; ++k, ++next) {
      transaction.ops.push_back(random_op(rng, {batch.origin, next}));
    }
    batch.transactions.push_back(std::move(transaction));
  }
  return batch;
}

}  // namespace anabranch::test
