#include "regions/background.h"

#include <algorithm>
#include <utility>

namespace anabranch::regions {

using core::Millis;

namespace {

constexpr std::uint64_t kSliceBytes = std::uint64_t{32} << 10U;  // Of a slice, about.

}  // namespace

Background::Background(const Owner& owner, const ReplicaOptions& options)
    : owner_(owner),
      upkeep_(owner.state, owner.writer, options.limits.sweep),
      snapshots_({owner.state, owner.exchange, owner.effects,
                  [this](const core::Path& path, crdt::Row& row) {
                    upkeep_.note_dead_slots(path, row);
                    owner_.state.note(path, row);
                  },
                  [this](storage::Position position) {
                    return owner_.keeper.segments().bytes_from(position);
                  }},
                 options.limits.snapshots, options.nonce),
      incarnations_(owner.state, owner.exchange, owner.alarms,
                    {options.fresh_origin, options.nonce, options.random_origin,
                     options.promote_after_ms > 0}),
      repair_({owner.state, owner.exchange, owner.keeper, snapshots_, owner.inbox, owner.time,
               owner.regions, owner.settled, incarnations_, owner.alarms},
              options.limits.rejoin),
      verifier_({owner.state, owner.exchange, owner.alarms, owner.effects}, options.nonce) {}

core::Result<bool> Background::work(Millis now) {
  const GroupClosed closed = owner_.writer.close_group();
  CommittedState& state = owner_.state;
  if (state.broken()) return *state.broken();
  if (auto ready = make_ready(); !ready.ok()) return ready.failure();
  if (repair_.logging()) return repair_.log_slice(closed, now);
  const std::size_t scale = owner_.writer.slice_scale(now);
  auto more = state.reading([&] { return snapshots_.work(now, scale); });
  if (!more.ok()) return more.failure().passes ? more : state.fail(more.failure());
  if (auto ended = repair_.give_up(closed, now); !ended.ok()) {
    if (ended.failure().passes) return ended.failure();  // It is tried again.
    state.fail(ended.failure());
  }
  return more;
}

// Before a slice takes anything from where it is: its commit must not be refused then.
core::Result<void> Background::make_ready() {
  if (!snapshots_.receiving() && repair_.rejoin() == nullptr) return {};
  return owner_.state.make_ready({.bytes = kSliceBytes, .batches = 1});
}

core::Result<void> Background::collect() {
  if (snapshots_.merging()) return {};
  return upkeep_.collect(owner_.writer.close_group());
}

void Background::ask_for_snapshot(core::Origin peer, Millis now) {
  if (!owner_.state.broken()) snapshots_.ask(peer, now);
}

void Background::take_rows_again(bool wanted) {
  DamagedTables& damaged = owner_.state.damaged();
  wanted ? damaged.want() : damaged.stop_wanting();
}

core::Result<void> Background::verify(std::vector<std::string> regions, Millis now) {
  if (owner_.state.broken()) return *owner_.state.broken();
  const std::string& own = owner_.state.identity().region;
  const rows::Names& names = owner_.state.names();
  for (const std::string& region : regions) {
    const auto leads = [&](const auto& entry) { return entry.second.region == region; };
    const auto wrote = [&](const auto& entry) { return names.region(entry.origin) == region; };
    const bool is_known = owner_.regions.all().contains(region) ||
                          std::ranges::any_of(owner_.state.applied().vector(), wrote);
    if (region != own && is_known) continue;
    if (std::ranges::any_of(owner_.exchange.peers(), leads))
      continue;  // Also followers of the own.
    std::string text = "there is no other region '";
    text.append(region).append("' in this mesh, as far as region ").append(own).append(" knows");
    return core::invalid(text);
  }
  verifier_.start(std::move(regions), now);
  return {};
}

}  // namespace anabranch::regions
