// Batches that have been waiting for their proof for too long.

#include <doctest/doctest.h>

#include <string>

#include "regions/delivery/unproven.h"

namespace anabranch::unproven_test {

using regions::HeldBatch;
using regions::Provenance;
using regions::Unproven;

namespace {

HeldBatch first_batch() {
  core::Batch batch;
  batch.origin = 1;
  batch.opening = core::Opening{{1, 1}, "us", 1, 1, 0};
  batch.transactions.push_back({1, {}, {core::Put{core::Path{"k"}, "v", {}, {}}}});
  std::string bytes = core::encode_batch(batch);
  return {std::move(bytes), std::move(batch), 7, true};
}

std::string name_of(core::Origin peer) { return peer == 7 ? "region ap" : "nobody"; }

}  // namespace

TEST_SUITE("regions: unproven batches") {
  TEST_CASE("an origin that stands still is named once, after a while") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Unproven unproven;
    CHECK(unproven.look(provenance, 0, name_of).empty());
    (void)provenance.take(first_batch(), "us");
    CHECK(unproven.look(provenance, 1'000, name_of).empty());
    CHECK(unproven.look(provenance, 1'000 + Unproven::kTimeoutMs - 1, name_of).empty());
    CHECK(unproven.late().empty());
    const auto late = unproven.look(provenance, 1'000 + Unproven::kTimeoutMs, name_of);
    REQUIRE(late.size() == 1);
    CHECK(
        late[0].starts_with("writes of region us, from 1 of origin 0000000000000001 on, received "
                            "from region ap, have been waiting"));
    CHECK(unproven.late().size() == 1);
    CHECK(unproven.look(provenance, 2'000 + Unproven::kTimeoutMs, name_of).empty());
    provenance.forget(1);
    CHECK(unproven.look(provenance, 3'000 + Unproven::kTimeoutMs, name_of).empty());
    CHECK(unproven.late().empty());
  }
}

}  // namespace anabranch::unproven_test
