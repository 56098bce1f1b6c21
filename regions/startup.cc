#include "regions/startup.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/planted_bug.h"
#include "regions/state/incarnation.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;

core::Result<void> Startup::run(const core::WallClock& clock) {
  CommittedState& state = owner_.state;
  if (auto opened = state.open_storage(); !opened.ok()) return opened;
  if (auto loaded = load(); !loaded.ok()) return loaded;
  if (auto kept = owner_.keeper.load(); !kept.ok()) return kept;
  if (auto counted = state.open_counts(); !counted.ok()) return counted;
  if (auto ordered = state.open_scores(); !ordered.ok()) return ordered;
  if (auto recorded = record(clock); !recorded.ok()) return recorded;
  start_clock(clock);
  const Identity& self = state.identity();
  const ReplicaOptions& options = owner_.options;
  owner_.exchange.begin({self.mesh, self.region, self.origin, options.nonce, follows_});
  if (auto listed = owner_.members.load_list(); !listed.ok()) return listed;
  if (auto role = self.role) {
    role->leads = role->leads && !options.listens;
    owner_.members.go_on(*role);
  }
  if (auto resumed = owner_.background.repair().resume(); !resumed.ok()) return resumed;
  state.applied().published_vector().begin_publish(state.applied().vector());
  return {};
}

core::Result<void> Startup::load() {
  CommittedState& state = owner_.state;
  const ReplicaOptions& options = owner_.options;
  const auto found = state.load();
  if (!found.ok()) return found.failure();
  Identity& identity = state.identity();
  if (!found.value()) {
    const core::Origin origin = owner_.background.incarnations().fresh();
    identity = {.mesh = options.mesh, .region = options.region, .origin = origin};
    return state.load_scores(options.resolvers, options.nonce);
  }
  if (identity.region != options.region) {
    return core::invalid(std::string(kOthersData) + "region " + identity.region + ", not to " +
                         options.region);
  }
  if (identity.mesh != options.mesh) {
    return core::invalid(std::string(kOthersData) + "another mesh");
  }
  const auto snapshot = state.storage().snapshot();
  if (auto loaded = owner_.time.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = owner_.inbox.proofs().load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = owner_.members.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = owner_.conflicts.load(); !loaded.ok()) return loaded;
  if (auto loaded = owner_.lost.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = owner_.met.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = owner_.followers.load(*snapshot); !loaded.ok()) return loaded;
  return state.load_scores(options.resolvers, options.nonce);
}

// Of random numbers of this opening.
core::Hash128 Startup::fresh_node() const {
  const ReplicaOptions& options = owner_.options;
  return core::digest128(core::to_string(options.fresh_origin) + core::to_string(options.nonce));
}

core::Result<void> Startup::record(const core::WallClock& clock) {
  CommittedState& state = owner_.state;
  Identity& identity = state.identity();
  storage::Place here = state.storage().place();
  const bool is_known = identity.opening > 0 && identity.node != core::Hash128{};
  if (!is_known || owner_.options.new_origin || is_elsewhere(identity, here)) {
    identity.node = fresh_node();
    identity.role.reset();
  }
  take_role();
  if (identity.opening > 0) {
    auto why = why_new_origin(identity, here);
    if (owner_.options.new_origin) why = "the operator wants it";
    if (why && !planted(Bug::kReuseOrigin)) owner_.background.incarnations().begin(*std::move(why));
  }
  const std::vector<storage::LogLoss> losses = state.storage().losses();
  owner_.lost.take_over(losses, clock.now_ms());
  if (std::ranges::any_of(losses, &storage::LogLoss::half_flushed)) {
    state.damaged().take_again("they may have a part of the writes that the log has lost");
  }
  identity.place = std::move(here);
  identity.closed = false;
  const bool was_at_rest = identity.at_rest;
  const bool leads = !follows_ || (identity.role && identity.role->leads);
  identity.at_rest = (was_at_rest || identity.opening == 0) && !leads;
  if (planted(Bug::kRestWhileLeading)) identity.at_rest = true;
  identity.syncs_later = owner_.options.syncs_later;
  ++identity.opening;
  auto expiries = state.load_expiries();
  if (!expiries.ok()) return expiries.failure();
  // Cards are numbered by openings: one that a power cut takes back would be shown again.
  const bool is_shown = owner_.options.promote_after_ms > 0 && owner_.options.listens;
  const bool durably = is_shown || (was_at_rest && !identity.at_rest);
  return durably ? state.commit_identity_durably(std::move(expiries).value())
                 : state.commit_identity(std::move(expiries).value());
}

void Startup::take_role() {
  const ReplicaOptions& options = owner_.options;
  std::optional<RoleRow>& row = owner_.state.identity().role;
  // Where the region chooses its leader the setting counts for new directories alone.
  const bool leads = row && options.listens ? row->leads : !options.follows && (!row || row->leads);
  follows_ = !leads || options.listens;
  if (options.promote_after_ms == 0 && !row) return;
  if (!row) row.emplace();
  row->leads = leads;
  row->blind = row->blind && row->leads;
  if (row->leads) row->reign = std::max(row->reign, options.reign);
}

void Startup::start_clock(const core::WallClock& clock) {
  CommittedState& state = owner_.state;
  const core::Millis drift_ms_max = owner_.options.drift_ms_max;
  const core::Hlc head = state.applied().head(state.identity().origin).hlc;
  core::Hlc newest = std::max(state.stored_clock(), head);
  // A new incarnation need not go on from timestamps of a clock that was wrong.
  const bool ahead = newest.millis() - clock.now_ms() > drift_ms_max;
  if ((owner_.options.new_origin && ahead) || planted(Bug::kForgetHlc)) newest = {};
  state.start_clock(clock, newest, drift_ms_max);
  owner_.time.open();
}

}  // namespace anabranch::regions
