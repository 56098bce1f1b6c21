// What of the applied state is on the disk, where the storage syncs later than it commits.

#include <doctest/doctest.h>

#include <memory>

#include "regions/state/committed.h"
#include "storage/memory_storage.h"
#include "tests/node.h"
#include "tests/write.h"

using namespace anabranch;
using core::VersionVector;
using regions::DurableState;
using storage::MemoryFaults;
using storage::MemoryStorage;
using test::Node;

namespace {

void put(Node& node) {
  test::write(node.replica(), [](regions::Group& group) { group.put(core::Path{"k"}, "value"); });
  REQUIRE(node.replica().commit().ok());
  node.replica().durable(node.storage().last_position(), 0);
}

const DurableState& of(Node& node) { return node.replica().state().durable_state(); }

}  // namespace

TEST_SUITE("regions: durable state") {
  TEST_CASE("where each commit is durable, all that is applied is") {
    Node node("eu", 1);
    put(node);
    CHECK(of(node).vector() == node.vector());
    CHECK(node.replica().state().durable_clock() == node.replica().state().stored_clock());
  }

  TEST_CASE("a state that is noted counts once it is synced, although commits follow") {
    Node node("eu", 1, std::make_unique<MemoryStorage>(MemoryFaults{.durable_at_once = false}));
    node.storage().sync();
    put(node);
    const VersionVector first = node.vector();
    const core::Hlc first_clock = node.replica().state().stored_clock();
    put(node);
    CHECK(of(node).vector() == VersionVector());
    node.storage().sync();
    CHECK(of(node).vector() == node.vector());
    put(node);
    CHECK(of(node).vector() == first);
    CHECK(node.replica().state().durable_clock() == first_clock);
    const VersionVector third = node.vector();
    put(node);
    CHECK(of(node).vector() == first);
    node.storage().sync();
    put(node);
    CHECK(of(node).vector() == third);
    CHECK(first_clock < node.replica().state().durable_clock());
  }

  TEST_CASE("a replica can wait for the disk") {
    Node node("eu", 1, std::make_unique<MemoryStorage>(MemoryFaults{.durable_at_once = false}));
    put(node);
    REQUIRE(node.storage().durable_position() < node.storage().last_position());
    REQUIRE(node.replica().state().make_durable().ok());
    CHECK(node.storage().durable_position() == node.storage().last_position());
    CHECK(of(node).vector() == node.vector());
  }
}
