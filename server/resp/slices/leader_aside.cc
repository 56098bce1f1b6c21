#include "server/resp/slices/leader_aside.h"

#include <chrono>
#include <memory>
#include <utility>

#include "server/steady_clock.h"

namespace anabranch::server {

void LeaderAside::begin_commit() {
  run_.emplace(thread_.begin_told([this] {
    core::Result<void> committed = leader_.commit();
    watched_.follow();
    return committed;
  }));
}

void LeaderAside::begin_turn() {
  run_.emplace(thread_.begin_told([this] {
    rest_ = leader_.turn();
    watched_.follow();
    return core::Result<void>();
  }));
}

LeaderAside::Done LeaderAside::end() {
  storage::SideThread::Run run = *std::exchange(run_, std::nullopt);
  const SteadyTime begin = steady_now();
  core::Result<void> committed = run.wait();
  if (waited_ != nullptr) *waited_ += std::chrono::nanoseconds(steady_now() - begin).count();
  return {.committed = std::move(committed), .rest = std::exchange(rest_, std::nullopt)};
}

rows::PublishedVector::Shared LeaderAside::committed() const {
  if (!away()) return leader_.committed();
  rows::PublishedVector::Shared vector;
  leader_.read([&](const leader::View& /*view*/, const core::VersionVector& applied) {
    vector = std::make_shared<const core::VersionVector>(applied);
  });
  return vector;
}

}  // namespace anabranch::server
