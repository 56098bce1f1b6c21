// The parts of a replica that take batches of others in; a test hands the bytes over.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "regions/delivery/inbox.h"
#include "tests/regions/parts.h"

namespace anabranch::test {

struct Receiver : Parts {
  regions::Inbox inbox;

  Receiver(const std::string& region, core::Origin origin,
           const regions::CommittedState::ClearLimits& clears = {},
           const regions::Inbox::Limits& limits = {})
      : Parts(region, origin, false, clears),
        inbox({state, exchange, alarms, effects, writer, writer.reserve()}, limits) {
    state.join(inbox);
  }
  void receive(const std::string& bytes, regions::LinkId link = 1) {
    auto batch = core::decode_batch(bytes);
    REQUIRE(batch.ok());
    inbox.on(link, {0, bytes}, std::move(batch).value(), 0);
  }
  // Applies a slice; something must wait.
  void apply(std::size_t ops_max = 1000) {
    REQUIRE(inbox.count_deferred_clears().value());
    REQUIRE(inbox.apply(writer.close_group(), ops_max).ok());
  }
  void take(const std::string& bytes) {
    receive(bytes);
    apply();
  }
};

}  // namespace anabranch::test
