#include "regions/leader.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "core/hash.h"
#include "core/log.h"
#include "core/wall_clock.h"
#include "crdt/canonical.h"
#include "regions/check_options.h"
#include "regions/group_scope.h"
#include "regions/leader_status.h"
#include "regions/replica.h"
#include "regions/resolvers.h"
#include "storage/lmdb_storage.h"
#include "transport/zmq_transport.h"

namespace anabranch::regions {

namespace {

constexpr core::Millis kCollectMs = 10'000;
constexpr std::size_t kInboxBytesPerTurn = std::size_t{4} << 20U;

core::Millis steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::uint64_t random_number() {
  std::random_device device;
  return std::uniform_int_distribution<std::uint64_t>(1)(device);
}

}  // namespace

class Leader::Impl {
 public:
  Impl(Options options, std::unique_ptr<storage::Storage> storage)
      : options_(std::move(options)),
        resolvers_(options_.resolvers),
        storage_(std::move(storage)) {}

  core::Result<void> start() {
    auto replica = Replica::open(*storage_, clock_,
                                 {.mesh = core::digest128(options_.mesh),
                                  .region = options_.region,
                                  .fresh_origin = random_number(),
                                  .nonce = random_number(),
                                  .drift_ms_max = options_.clock_drift_ms_max});
    if (!replica.ok()) return replica.failure();
    replica_ = std::move(replica).value();
    scope_.emplace(*replica_, resolvers_, options_);
    auto transport = transport::open_zmq_transport({options_.listen, options_.peers});
    if (!transport.ok()) return transport.failure();
    transport_ = std::move(transport).value();
    return {};
  }

  GroupScope& scope() { return *scope_; }
  Replica& replica() { return *replica_; }
  transport::Transport& transport() { return *transport_; }
  // Calls function(rows, names) with the newest committed state. The snapshot is taken before the
  // names, which only grow.
  template <typename Function>
  void read(const Function& function) const {
    auto snapshot = storage_->snapshot();
    const Names& names = replica_->names();
    function(SnapshotReader(std::move(snapshot), names.origins()), names);
  }
  const Resolvers& resolvers() const { return resolvers_; }

  core::Result<void> commit() {
    if (!replica_->dirty()) {
      (void)replica_->commit();
      return {};
    }
    const auto position = replica_->commit();
    if (!position.ok()) {
      log_failure(position.failure());
      return position.failure();
    }
    replica_->durable(storage_->durable_position(), steady_ms());
    carry_out();
    return {};
  }

  std::chrono::milliseconds turn() {
    ANABRANCH_ASSERT(!replica_->dirty());
    const core::Millis now = steady_ms();
    for (transport::Event& event : transport_->receive(kInboxBytesPerTurn)) take(event, now);
    const auto more = replica_->apply(now);
    if (more.ok()) {
      replica_->durable(storage_->durable_position(), now);
    } else {
      log_failure(more.failure());
    }
    replica_->tick(now);
    collect(now);
    carry_out();
    if (more.ok() && more.value()) return std::chrono::milliseconds(0);
    return std::chrono::milliseconds(std::max<core::Millis>(0, replica_->next_tick_ms() - now));
  }

  bool pause(std::string_view peer) { return replica_->pause(peer); }

  bool resume(std::string_view peer) {
    const bool known = replica_->resume(peer);
    carry_out();
    return known;
  }

  StoreStatus status() const {
    return leader_status(*replica_, options_, *storage_, *transport_, resolvers_, steady_ms());
  }

 private:
  void take(transport::Event& event, core::Millis now) {
    switch (event.kind) {
      case transport::Event::Kind::kUp:
        replica_->link_up(event.link, std::move(event.address), now);
        break;
      case transport::Event::Kind::kDown:
        replica_->link_down(event.link);
        break;
      case transport::Event::Kind::kMessage:
        auto message = decode_message(event.message_kind, event.body);
        if (message.ok()) {
          replica_->step(event.link, std::move(message).value(), now);
        } else {
          core::log_warning(options_.region + ": " + message.failure().message);
          replica_->reject(event.link);
        }
        break;
    }
  }

  // Dead slots are a matter of space, not of meaning: now and then is enough.
  void collect(core::Millis now) {
    if (now < next_collect_ms_) return;
    next_collect_ms_ = now + kCollectMs;
    if (const auto done = replica_->collect(); !done.ok()) log_failure(done.failure());
  }

  void carry_out() {
    for (Effect& effect : replica_->effects())
      std::visit([&](auto& each) { carry_out(each); }, effect);
    replica_->effects().clear();
  }
  void carry_out(const Send& send) {
    transport_->send(send.link, kind_of(send.message), encode_message(send.message));
  }
  void carry_out(const Reject& reject) { transport_->reject(reject.link); }
  void carry_out(const Alarm& alarm) { core::log_warning(options_.region + ": " + alarm.text); }

  void log_failure(const core::Failure& failure) {
    if (!std::exchange(failure_logged_, true)) {
      core::log_error(options_.region + ": closed for writes: " + failure.message);
    }
  }

  Options options_;
  Resolvers resolvers_;
  core::SystemClock clock_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<Replica> replica_;
  std::optional<GroupScope> scope_;
  std::unique_ptr<transport::Transport> transport_;
  core::Millis next_collect_ms_ = 0;
  bool failure_logged_ = false;
};

core::Result<std::unique_ptr<Leader>> Leader::open(const Options& options) {
  if (auto checked = check_options(options); !checked.ok()) return checked.failure();
  auto storage =
      storage::open_lmdb_storage({.directory = options.path, .map_bytes = options.map_bytes});
  if (!storage.ok()) return storage.failure();
  auto impl = std::make_unique<Impl>(options, std::move(storage).value());
  if (auto started = impl->start(); !started.ok()) return started.failure();
  return std::unique_ptr<Leader>(new Leader(std::move(impl)));
}

Leader::Leader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Leader::~Leader() = default;

Transaction& Leader::scope() { return impl_->scope(); }
bool Leader::dirty() const { return impl_->replica().dirty(); }
bool Leader::group_full() const { return dirty() && impl_->replica().group().full(); }
core::Result<void> Leader::commit() { return impl_->commit(); }
std::chrono::milliseconds Leader::turn() { return impl_->turn(); }
int Leader::wake_fd() const { return impl_->transport().wake_fd(); }
StoreStatus Leader::status() const { return impl_->status(); }
bool Leader::pause(std::string_view peer) { return impl_->pause(peer); }
bool Leader::resume(std::string_view peer) { return impl_->resume(peer); }

void Leader::read(const std::function<void(const View&)>& function) const {
  impl_->read([&](const SnapshotReader& rows, const Names& names) {
    function(View(rows, names, impl_->resolvers()));
  });
}

core::Result<std::string> Leader::digest() const {
  core::Hash128 sum;
  try {
    impl_->read([&](const SnapshotReader& rows, const Names& /*names*/) {
      rows.scan({}, [&](const core::Path& path, const crdt::Row& row) {
        sum += crdt::row_digest(path, row);
        return true;
      });
    });
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  return core::to_string(sum);
}

}  // namespace anabranch::regions
