#include "tests/crdt/random_row.h"

#include <algorithm>
#include <string>
#include <utility>

namespace anabranch::test {
namespace {

// Of any length in bits.
std::uint64_t random_bits(Random& random) { return random.bits() >> random.below(64); }

core::Dot random_dot(Random& random) {
  return {random.pick(kOrigins), std::max<core::Seq>(1, random_bits(random))};
}

crdt::Sibling random_sibling(Random& random, core::Dot dot) {
  crdt::Sibling sibling{dot, {random.bits()}, random.bytes(20), std::nullopt};
  if (random.chance(0.05)) sibling.value = random.bytes(2000);
  if (random.chance(0.2)) sibling.value = random.chance(0.5) ? "0" : "1";
  if (random.chance(0.2)) sibling.base = random.bytes(20);
  return sibling;
}

crdt::Slot random_slot(Random& random, core::Origin origin) {
  crdt::Slot slot;
  slot.origin = origin;
  slot.seq = std::max<core::Seq>(1, random_bits(random) >> 1U);
  const auto from = [&](core::Seq low) {
    return static_cast<core::Seq>(
        random.between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(slot.seq)));
  };
  slot.birth = from(1);
  slot.total = random_number(random);
  if (random.chance(0.5)) return slot;
  slot.base_seq = random.chance(0.5) ? slot.seq : from(slot.birth);
  slot.base = random_number(random);
  slot.reset = random_dot(random);
  return slot;
}

}  // namespace

core::OriginTable random_row_origins() {
  core::OriginTable origins;
  for (const core::Origin origin : kOrigins) origins.add(origin);
  return origins;
}

core::Number random_number(Random& random) {
  if (random.chance(0.2)) return core::Number::real(random.unit() * 1e6 - 5e5);
  const auto number = static_cast<std::int64_t>(random_bits(random));
  if (random.chance(0.8)) return number;
  return core::Number::integer(core::Int128{number} * core::Int128{number});
}

crdt::Row random_row(Random& random) {
  crdt::Row row;
  for (std::size_t i = random.below(4); i > 0; --i) {
    const core::Dot dot = random_dot(random);
    const auto same = [&](const crdt::Sibling& sibling) { return sibling.dot == dot; };
    if (std::ranges::any_of(row.cell.siblings, same)) continue;
    row.cell.add(random_sibling(random, dot));
  }
  for (std::size_t i = random.below(4); i > 0; --i) {
    const core::Origin origin = random.pick(kOrigins);
    row.tally.slot(origin) = random_slot(random, origin);
  }
  return row;
}

core::Path random_path(Random& random) {
  core::Path path;
  for (std::size_t i = random.below(4) + 1; i > 0; --i) path.append(random.bytes(30));
  if (random.chance(0.1)) path.append(std::string(core::Path::kDirectSizeMax, 'x'));
  return path;
}

}  // namespace anabranch::test
