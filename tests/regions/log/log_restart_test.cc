// The part of the log that a leader keeps: its age is counted in the time that the leader has ever
// run.

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::log_restart_test {

using core::Millis;
using core::Path;
using regions::LogKeeper;
using test::LinkedNodes;
using test::Node;

TEST_SUITE("regions: restarts of the log") {
  TEST_CASE("a leader that is killed while it is idle knows for how long it has run") {
    LinkedNodes nodes;
    const Millis begun = nodes.now();
    nodes.mesh(2);
    nodes.run(3'000);
    nodes.write(1, [](regions::Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    const storage::Position last = nodes.at(0).storage().last_position();
    constexpr Millis kIdleMs = 2 * LogKeeper::kIdleMs;
    nodes.run(kIdleMs);
    REQUIRE(nodes.at(0).storage().last_position() == last);
    Node again("r0", 1, nodes.at(0).storage().clone());
    const Millis known = again.replica().keeper().running_ms(0);
    CHECK(known >= LogKeeper::kIdleMs - begun);
    CHECK(known <= nodes.now() - begun);
  }

  TEST_CASE("a leader that is started with room for less log forgets the rest, and goes on") {
    LinkedNodes nodes;
    nodes.mesh(2);
    nodes.run(1'000);
    for (int i = 0; i < 100; ++i) {
      nodes.write(0, [](regions::Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    }
    regions::ReplicaOptions options{
        .mesh = {1, 1}, .region = "r0", .fresh_origin = 9, .nonce = std::uint64_t{1} << 61U};
    options.limits.log = {.bytes_min = 400, .bytes_max = 1'600};
    nodes.replace(0, std::make_unique<Node>(options, nodes.at(0).storage().clone(), nodes.now()));
    const storage::Position first = nodes.at(0).replica().keeper().segments().first();
    nodes.run(5'000);
    CHECK(nodes.at(0).replica().keeper().segments().first() > first);
    nodes.write(0, [](regions::Group& group) { group.put(Path{"\1", "k", "s"}, "later"); });
    CHECK(nodes.run_until_equal(1'000));
  }

  TEST_CASE("a leader that nobody writes to and that is alone knows it, too") {
    LinkedNodes nodes;
    nodes.mesh(1);
    nodes.run(3'000);
    constexpr Millis kIdleMs = Millis{2} * 3600 * 1000;
    nodes.run(kIdleMs);
    Node again("r0", 1, nodes.at(0).storage().clone());
    const Millis known = again.replica().keeper().running_ms(0);
    CHECK(known > kIdleMs - LogKeeper::kRunningMs);
    CHECK(known <= nodes.now());
  }
}

}  // namespace anabranch::log_restart_test
