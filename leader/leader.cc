#include "leader/leader.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "core/system/standard_descriptors.h"
#include "core/text.h"
#include "core/token.h"
#include "leader/check_options.h"
#include "leader/leader_impl.h"
#include "leader/plugins.h"
#include "leader/policies.h"
#include "leader/replication_progress.h"
#include "leader/scopes/kept_view.h"
#include "regions/modules.h"

namespace anabranch::leader {

using regions::Replica;

core::Result<std::unique_ptr<Leader>> Leader::open(const Options& options) {
  if (auto filled = core::fill_standard_descriptors(); !filled.ok()) return filled.failure();
  if (auto checked = check_options(options); !checked.ok()) return checked.failure();
  auto storage = storage::open_storage(storage_options(options));
  if (!storage.ok()) return storage.failure();
  auto impl = std::make_unique<Impl>(options, std::move(storage).value());
  if (auto started = impl->start(); !started.ok()) return started.failure();
  return std::unique_ptr<Leader>(new Leader(std::move(impl)));
}

Leader::Leader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Leader::~Leader() = default;

Transaction& Leader::scope() { return impl_->scope(); }
GroupWriter& Leader::writer() { return impl_->scope().writer(); }
bool Leader::dirty() const { return impl_->replica().writer().dirty(); }
bool Leader::group_full() const { return impl_->replica().writer().full(); }
bool Leader::commit_is_long() const {
  const regions::LocalWriter& writer = impl_->replica().writer();
  return writer.large() || writer.begins_file();
}
core::Result<void> Leader::commit() { return impl_->commit(); }
core::Result<bool> Leader::begin_commit() { return impl_->begin_commit(); }
core::Result<void> Leader::finish_commit() { return impl_->finish_commit(); }
bool Leader::committing() const { return impl_->committing(); }
bool Leader::commit_is_made() const { return impl_->storage().commit_is_made(); }
int Leader::committed_fd() const { return impl_->storage().committed_fd(); }
core::Result<void> Leader::sync() { return impl_->sync(); }
void Leader::end_flush_when(const std::atomic<bool>& set) { impl_->storage().end_flush_when(set); }
Backups& Leader::backups() { return impl_->backups(); }
Statistics Leader::statistics() const { return impl_->statistics(); }
std::chrono::milliseconds Leader::turn() { return impl_->turn(); }
void Leader::beat() { impl_->members().beat(); }
bool Leader::turn_is_long() { return impl_->turn_is_long(); }
int Leader::wake_fd() const { return impl_->transport().wake_fd(); }
StoreStatus Leader::status() const { return impl_->status(); }
ExpiryCounts Leader::expiries() const { return impl_->expiries(); }
void Leader::publish(std::string channel, std::string body, std::int64_t published_ms) {
  impl_->publish(std::move(channel), std::move(body), published_ms);
}
std::int64_t Leader::now_ms() const { return steady_ms(); }
void Leader::hear(OnPresence function) { impl_->hear(std::move(function)); }
bool Leader::pause(std::string_view peer) { return impl_->pause(peer); }
bool Leader::resume(std::string_view peer) { return impl_->resume(peer); }
core::Result<void> Leader::reload_keys() { return impl_->reload_keys(); }
core::Result<void> Leader::retire(std::string_view region, regions::Retirement what) {
  return impl_->retire(region, what);
}
core::Result<void> Leader::lose(std::string_view region, std::string_view part) {
  return impl_->lose(region, part);
}

core::Result<void> Leader::set_policy(std::uint8_t database, std::string_view prefix,
                                      const Policy& policy) {
  if (auto checked = check_policy(database, policy); !checked.ok()) return checked;
  return impl_->act().policies().set(scope_of(database, prefix), row_policy(policy));
}

core::Result<void> Leader::remove_policy(std::uint8_t database, std::string_view prefix) {
  if (auto checked = check_database(database); !checked.ok()) return checked;
  return impl_->act().policies().remove(scope_of(database, prefix));
}

std::vector<PolicyAt> Leader::policies() const {
  std::vector<PolicyAt> all;
  impl_->read([&](const rows::SnapshotReader& rows,
                  const rows::Names& /*names*/) { all = list_policies(rows, impl_->resolvers()); },
              storage::ReaderShare::kOwn);
  return all;
}

core::Result<void> Leader::set_concern(const std::optional<rows::PolicyScope>& keys,
                                       const std::vector<std::string>& words) {
  return regions::set_concern(impl_->act().writer(), keys, words);
}

std::vector<regions::ConcernRow> Leader::concerns() const {
  std::vector<regions::ConcernRow> all;
  impl_->read([&](const rows::SnapshotReader& rows,
                  const rows::Names& /*names*/) { all = regions::concerns_of(rows); },
              storage::ReaderShare::kOwn);
  return all;
}

core::Result<std::string> Leader::add_plugin(std::string_view module) {
  return regions::add_module(impl_->act().writer(), module);
}

core::Result<void> Leader::remove_plugin(std::string_view name) {
  return regions::remove_module(impl_->act().writer(), name);
}

core::Result<PluginPage> Leader::plugins(std::string_view after, std::size_t bytes_max) const {
  core::Result<PluginPage> page = PluginPage();
  impl_->read(
      [&](const rows::SnapshotReader& rows, const rows::Names& /*names*/) {
        page = list_plugins(rows, impl_->resolvers().modules(), after, bytes_max);
      },
      storage::ReaderShare::kOwn);
  return page;
}

core::Result<void> Leader::promote() { return impl_->promote(); }
core::Result<void> Leader::begin_handover(std::string_view member) {
  return impl_->begin_handover(member);
}
bool Leader::hand_over_to_stop() { return impl_->hand_over_to_stop(); }
std::uint64_t Leader::member_looks() const { return impl_->member_looks(); }
bool Leader::chooses() const { return impl_->chooses(); }

std::string Leader::why_open_anew() { return impl_->why_open_anew(); }
const HandoverStatus& Leader::handover() const { return impl_->handover(); }
bool Leader::follows() const { return impl_->replica().exchange().follows(); }
std::optional<regions::MemberCard> Leader::region_leader() const {
  return impl_->members().leader();
}

core::Result<void> Leader::resolve_fork(std::string_view origin, bool adopt) {
  const auto named = core::parse_number<core::Origin, 16>(origin);
  if (!named || core::to_string(*named) != origin) {
    return core::invalid("an origin has 16 hexadecimal digits");
  }
  return impl_->resolve_fork(*named, adopt);
}

void Leader::read(const std::function<void(const View&)>& function,
                  storage::ReaderShare share) const {
  impl_->read([&](const rows::SnapshotReader& rows,
                  const rows::Names& names) { function(View(rows, names, impl_->resolvers())); },
              share);
}

void Leader::read(
    const std::function<void(const View&, const core::VersionVector&)>& function) const {
  impl_->read_applied(function);
}

ReadLimit Leader::read_limit() const { return impl_->read_limit(); }

std::unique_ptr<KeptView> Leader::keep() const {
  return std::make_unique<KeptView>(impl_->storage(), impl_->replica().names(), impl_->resolvers());
}

const std::string& Leader::region() const { return impl_->options().region; }

rows::PublishedVector::Shared Leader::seen() const {
  return impl_->replica().names().vectors().announced();
}

rows::PublishedVector::Shared Leader::committed() const {
  return impl_->replica().state().committed_vector();
}

LogSource Leader::log_source() const { return impl_->log_source(); }

std::string Leader::encode_token(const core::VersionVector& seen) const {
  return core::encode_token(impl_->replica().identity().mesh, seen);
}

core::Result<core::VersionVector> Leader::decode_token(std::string_view token) const {
  auto seen = core::decode_token(impl_->replica().identity().mesh, token);
  if (!seen.ok()) return seen;
  // Others may know of some that this leader does not; with thousands it is none of this mesh.
  constexpr std::size_t kUnknownMax = 1000;
  const auto here = this->seen();
  const auto is_unknown = [&](const auto& entry) { return here->at(entry.origin) == 0; };
  if (std::ranges::count_if(seen.value(), is_unknown) > std::ptrdiff_t{kUnknownMax}) {
    return core::invalid("a token names more than " + std::to_string(kUnknownMax) +
                         " origins that nobody has written under");
  }
  return seen;
}

std::vector<MissingWrites> Leader::missing_writes(const core::VersionVector& seen) const {
  const Replica& replica = impl_->replica();
  return leader::missing_writes(seen, replica.applied(), replica.members().list(),
                                replica.members().settled());
}

core::Result<ReplicationProgress> Leader::replication_progress(const core::VersionVector& seen,
                                                               const WriteConcern& concern) const {
  return leader::replication_progress(impl_->replica(), impl_->options().peers, seen, concern);
}

const Holders& Leader::look_at_holders() { return impl_->look_at_holders(); }
core::Origin Leader::origin() const { return impl_->replica().identity().origin; }

core::Result<void> Leader::verify(std::vector<std::string> regions) {
  return impl_->verify(std::move(regions));
}
void Leader::repair(bool wanted) { impl_->act().background().take_rows_again(wanted); }
core::Result<void> Leader::forget_losses() { return impl_->forget_losses(); }
Salvage& Leader::salvage() { return impl_->salvage(); }
std::vector<regions::Verdict> Leader::verdicts() const {
  return impl_->replica().background().verifier().verdicts();
}

std::string Leader::digest() const {
  return core::to_string(impl_->replica().state().digests().total());
}

}  // namespace anabranch::leader
