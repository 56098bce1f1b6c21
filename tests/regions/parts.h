// The parts of a replica by themselves, over memory storage: a test makes those that it looks at.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "core/wall_clock.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/state/committed.h"
#include "regions/wire/alarms.h"
#include "storage/memory_storage.h"
#include "tests/write.h"

namespace anabranch::test {

// A region that has opened its storage and writes under an origin.
struct Parts {
  storage::MemoryStorage storage;
  core::ManualClock clock{10'000};
  regions::Effects effects;
  regions::Alarms alarms{effects};
  regions::CommittedState state;
  regions::RegionList list;
  regions::SettledOrigins settled{state.applied()};
  regions::Exchange exchange{state, list, settled, effects};
  regions::LocalWriter writer{state, exchange, {.nonce = 1}};
  regions::LogKeeper keeper;

  Parts(const std::string& region, core::Origin origin, bool follows = false,
        const regions::CommittedState::ClearLimits& limits = {}, regions::LogLimits log = {})
      : state(storage, limits), keeper(state, list, settled, log) {
    REQUIRE(state.open_storage().ok());
    REQUIRE_FALSE(state.load().value());
    state.identity() = {.mesh = {1, 1}, .region = region, .origin = origin};
    REQUIRE(state.load_scores(nullptr, 1).ok());
    REQUIRE(keeper.load().ok());
    state.join(settled);
    state.join(keeper);
    ++state.identity().opening;
    REQUIRE(state.commit_identity().ok());
    state.start_clock(clock, {}, kDriftMs);
    exchange.begin({{1, 1}, region, origin, 1, follows});
  }
  // A leader greets on a link, that has applied so much.
  void greet(regions::LinkId link, const std::string& region, core::Origin origin,
             const core::VersionVector& applied = {}) {
    exchange.link_up(link, {}, 0, {});
    exchange.step(
        link, regions::Greeting{regions::Greeting::kProtocol, {1, 1}, region, origin, 7, applied},
        0);
    effects.clear();
  }
  // Commits a transaction, and gives the bytes of its batch.
  std::string write(const std::function<void(regions::Group&)>& function) {
    test::write(writer, function);
    const auto position = writer.commit();
    REQUIRE(position.ok());
    return storage.read_log(position.value())->bytes;
  }
  static core::Path row_of(const std::string& key) { return {"\1", key, "s"}; }
  std::string put(const std::string& key, const std::string& value) {
    return write([&](regions::Group& group) { group.put(row_of(key), value); });
  }
  // The one value of a key; empty when it has none.
  [[nodiscard]] std::string get(const std::string& key) const {
    const auto siblings = state.reader()->row(row_of(key)).cell.siblings;
    return siblings.empty() ? std::string() : siblings.back().value;
  }
  [[nodiscard]] bool has_meta(std::string_view key) const {
    return storage.snapshot()->get(storage::Table::kMeta, key).has_value();
  }
  [[nodiscard]] std::size_t alarms_raised() const {
    return static_cast<std::size_t>(std::ranges::count_if(effects, [](const auto& effect) {
      return std::holds_alternative<regions::Alarm>(effect);
    }));
  }

  static constexpr core::Millis kDriftMs = 60'000;
};

}  // namespace anabranch::test
