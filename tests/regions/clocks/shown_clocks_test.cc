// The clock that a leader shows, over its restarts.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::shown_clocks_test {

using core::Millis;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr Millis kDay = Millis{24} * 3'600'000;

}  // namespace

TEST_SUITE("regions: shown clocks") {
  TEST_CASE("what others believe of a clock that was ahead outlives a restart, from the start on") {
    LinkedNodes nodes;
    std::uint64_t last_nonce = 0;
    const auto open = [&](std::size_t at, Millis ahead,
                          std::unique_ptr<storage::MemoryStorage> disk) {
      nodes.set_clock_ahead(at, ahead);
      return std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                            .region = "r" + std::to_string(at),
                                                            .fresh_origin = at + 1,
                                                            .nonce = ++last_nonce,
                                                            .announce = true},
                                    std::move(disk), nodes.now() + ahead);
    };
    const auto restart = [&](Millis ahead) {
      nodes.replace(1, open(1, ahead, nodes.at(1).storage().clone()));
    };
    for (const std::size_t at : {0U, 1U}) nodes.add(open(at, 0, nullptr));
    nodes.connect(0, 1);
    restart(kDay);
    nodes.write(1, [](regions::Group& group) { group.put({"\1", "k", "s"}, "1"); });
    nodes.run(4'000);
    restart(-30'000);
    const Millis believed = nodes.at(0).replica().clearable_ms(nodes.now());
    CHECK(believed > 3'000);
    CHECK(nodes.at(1).replica().names().expiries().now_ms() >= believed);
  }
}

}  // namespace anabranch::shown_clocks_test
