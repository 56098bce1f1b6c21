#include <anabranch/store.h>

#include <utility>

#include "leader/store_impl.h"
#include "leader/view_scope.h"

namespace anabranch {

Store Store::open(Options options) {
  return Store(std::make_unique<Impl>(leader::Leader::open(options).value_or_raise()));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

void Store::transact(const std::function<void(Transaction&)>& function) {
  impl_->run([&](leader::Leader& leader) {
    leader.scope().atomically([&](Scope& /*scope*/) { function(leader.scope()); });
  });
}

bool Store::transact_if(const Unchanged& seen, const std::function<void(Transaction&)>& function) {
  bool holds = false;
  transact([&](Transaction& txn) {
    holds = seen.holds(txn);
    if (holds) function(txn);
  });
  return holds;
}

void Store::read(const std::function<void(ReadTransaction&)>& function) const {
  impl_->read([&](const auto& view) {
    leader::ViewScope scope(view);
    function(scope);
    return true;
  });
}

void Store::atomically(const std::function<void(Scope&)>& function) {
  impl_->run([&](leader::Leader& leader) { leader.scope().atomically(function); });
}

void Store::at_once(const std::function<void(const Scope&)>& function) const {
  read([&](const ReadTransaction& txn) { function(txn); });
}

WriteName Store::next_write() const {
  throw Error(ErrorCode::kInvalid,
              "only the writes of a transaction have names before they happen");
}

Type Store::type(const Key& key) const {
  return impl_->read([&](const auto& view) { return view.type(key); });
}

std::optional<std::string> Store::get(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.get(row); });
}

std::vector<Sibling> Store::siblings(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.siblings(row); });
}

std::int64_t Store::tally(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.tally(row); });
}

double Store::tally_real(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.tally_real(row); });
}

bool Store::contains(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.contains(row); });
}

std::uint64_t Store::count(const Key& collection) const {
  return impl_->read([&](const auto& view) { return view.count(collection); });
}

void Store::scan(const Key& prefix, const Span& span, const Visit& visit) const {
  impl_->read([&](const auto& view) {
    view.scan(prefix, span, visit);
    return true;
  });
}

void Store::names(const Key& prefix, const Span& span, const VisitName& visit) const {
  impl_->read([&](const auto& view) {
    view.names(prefix, span, visit);
    return true;
  });
}

std::optional<double> Store::score(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.score(row); });
}

std::optional<std::uint64_t> Store::rank(const Key& row, bool backwards) const {
  return impl_->read([&](const auto& view) { return view.rank(row, backwards); });
}

std::uint64_t Store::count(const Key& sorted_set, const ScoreSpan& span) const {
  return impl_->read([&](const auto& view) { return view.count(sorted_set, span); });
}

void Store::scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const {
  impl_->read([&](const auto& view) {
    view.scan(sorted_set, span, visit);
    return true;
  });
}

Fingerprint Store::fingerprint(const Key& prefix) const {
  return impl_->read([&](const auto& view) { return view.fingerprint(prefix); });
}

void Store::put(const Key& row, std::string_view value) {
  impl_->run([&](leader::Leader& leader) { leader.scope().put(row, value); });
}

void Store::remove(const Key& row) {
  impl_->run([&](leader::Leader& leader) { leader.scope().remove(row); });
}

void Store::add(const Key& row, std::int64_t amount) {
  impl_->run([&](leader::Leader& leader) { leader.scope().add(row, amount); });
}

void Store::add_real(const Key& row, double amount) {
  impl_->run([&](leader::Leader& leader) { leader.scope().add_real(row, amount); });
}

void Store::reset(const Key& row) {
  impl_->run([&](leader::Leader& leader) { leader.scope().reset(row); });
}

void Store::clear(const Key& prefix) {
  impl_->run([&](leader::Leader& leader) { leader.scope().clear(prefix); });
}

std::optional<std::int64_t> Store::deadline(const Key& key) const {
  return impl_->read([&](const auto& view) { return view.deadline(key); });
}

std::int64_t Store::now_ms() const {
  return impl_->read([](const auto& view) { return view.now_ms(); });
}

bool Store::expire(const Key& key, std::optional<std::int64_t> deadline_ms) {
  bool done = false;
  impl_->run([&](leader::Leader& leader) { done = leader.scope().expire(key, deadline_ms); });
  return done;
}

std::string Store::token() const { return impl_->leader().encode_token(*impl_->leader().seen()); }

Reach Store::wait(std::string_view token, const Concern& concern,
                  std::chrono::milliseconds timeout) {
  return impl_->wait(impl_->leader().decode_token(token).value_or_raise(), concern, timeout);
}

StoreStatus Store::status() const {
  return impl_->ask([](leader::Leader& leader) { return leader.status(); });
}

bool Store::pause(std::string_view peer) {
  return impl_->ask([&](leader::Leader& leader) { return leader.pause(peer); });
}

bool Store::resume(std::string_view peer) {
  return impl_->ask([&](leader::Leader& leader) { return leader.resume(peer); });
}

void Store::reload_keys() {
  impl_->ask([](leader::Leader& leader) { return std::optional(leader.reload_keys()); })
      .value()
      .value_or_raise();
}

void Store::resolve_fork(std::string_view origin, bool adopt) {
  impl_
      ->ask(
          [&](leader::Leader& leader) { return std::optional(leader.resolve_fork(origin, adopt)); })
      .value()
      .value_or_raise();
}

void Store::promote() {
  impl_->ask([](leader::Leader& leader) { return std::optional(leader.promote()); })
      .value()
      .value_or_raise();
}

void Store::retire(std::string_view region, bool lost) {
  using regions::Retirement;
  impl_->run([&](leader::Leader& leader) {
    leader.retire(region, lost ? regions::Retirement::kLost : regions::Retirement::kRetired)
        .value_or_raise();
  });
}

void Store::restore(std::string_view region) {
  impl_->run([&](leader::Leader& leader) {
    leader.retire(region, regions::Retirement::kNone).value_or_raise();
  });
}

}  // namespace anabranch
