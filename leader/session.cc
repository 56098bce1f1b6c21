#include <anabranch/session.h>

#include <utility>

#include "leader/store_impl.h"

namespace anabranch {

// What a session has seen: what its token said, and what this store had committed when it was used
// last. The latter only grows, so the newest one stands for all before.
class Session::Impl {
 public:
  Impl(Store& store, core::VersionVector before)
      : store_(store), before_(std::move(before)), last_(std::make_shared<core::VersionVector>()) {}

  // The result of a function of the store, which is seen from now on.
  template <typename Function>
  auto use(const Function& function) {
    struct Look {  // Also after an exception: something may have been read.
      Impl& session;
      ~Look() { session.last_ = session.inside().leader().seen(); }
    };
    const Look look{*this};
    return function(store_);
  }

  [[nodiscard]] core::VersionVector seen() const {
    core::VersionVector seen = before_;
    seen.join(*last_);
    return seen;
  }
  [[nodiscard]] Store::Impl& inside() const { return *store_.impl_; }

 private:
  Store& store_;
  core::VersionVector before_;
  rows::VectorBoard::Shared last_;
};

Session Store::session() {
  return Session(std::make_unique<Session::Impl>(*this, core::VersionVector()));
}

Session Store::session(std::string_view token, std::chrono::milliseconds timeout, Gone gone) {
  core::VersionVector seen = impl_->leader().decode_token(token).value_or_raise();
  seen = impl_->let_in(std::move(seen), timeout, gone);
  return Session(std::make_unique<Session::Impl>(*this, std::move(seen)));
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

std::string Session::token() const { return impl_->inside().leader().encode_token(impl_->seen()); }

Reach Session::wait(const Concern& concern, std::chrono::milliseconds timeout) const {
  return impl_->inside().wait(impl_->seen(), concern, timeout);
}

void Session::transact(const std::function<void(Transaction&)>& function) {
  impl_->use([&](Store& store) { store.transact(function); });
}

bool Session::transact_if(const Unchanged& seen,
                          const std::function<void(Transaction&)>& function) {
  return impl_->use([&](Store& store) { return store.transact_if(seen, function); });
}

void Session::read(const std::function<void(ReadTransaction&)>& function) const {
  impl_->use([&](Store& store) { store.read(function); });
}

// ---- Scope.

void Session::atomically(const std::function<void(Scope&)>& function) {
  impl_->use([&](Store& store) { store.atomically(function); });
}

void Session::at_once(const std::function<void(const Scope&)>& function) const {
  impl_->use([&](Store& store) { store.at_once(function); });
}

WriteName Session::next_write() const {
  throw Error(ErrorCode::kInvalid,
              "only the writes of a transaction have names before they happen");
}

Type Session::type(const Key& key) const {
  return impl_->use([&](Store& store) { return store.type(key); });
}

std::optional<std::string> Session::get(const Key& row) const {
  return impl_->use([&](Store& store) { return store.get(row); });
}

std::vector<Sibling> Session::siblings(const Key& row) const {
  return impl_->use([&](Store& store) { return store.siblings(row); });
}

std::int64_t Session::tally(const Key& row) const {
  return impl_->use([&](Store& store) { return store.tally(row); });
}

double Session::tally_real(const Key& row) const {
  return impl_->use([&](Store& store) { return store.tally_real(row); });
}

bool Session::contains(const Key& row) const {
  return impl_->use([&](Store& store) { return store.contains(row); });
}

std::uint64_t Session::count(const Key& collection) const {
  return impl_->use([&](Store& store) { return store.count(collection); });
}

void Session::scan(const Key& prefix, const Span& span, const Visit& visit) const {
  impl_->use([&](Store& store) { store.scan(prefix, span, visit); });
}

void Session::names(const Key& prefix, const Span& span, const VisitName& visit) const {
  impl_->use([&](Store& store) { store.names(prefix, span, visit); });
}

std::optional<double> Session::score(const Key& row) const {
  return impl_->use([&](Store& store) { return store.score(row); });
}

std::optional<std::uint64_t> Session::rank(const Key& row, bool backwards) const {
  return impl_->use([&](Store& store) { return store.rank(row, backwards); });
}

std::uint64_t Session::count(const Key& sorted_set, const ScoreSpan& span) const {
  return impl_->use([&](Store& store) { return store.count(sorted_set, span); });
}

void Session::scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const {
  impl_->use([&](Store& store) { store.scan(sorted_set, span, visit); });
}

Fingerprint Session::fingerprint(const Key& prefix) const {
  return impl_->use([&](Store& store) { return store.fingerprint(prefix); });
}

void Session::put(const Key& row, std::string_view value) {
  impl_->use([&](Store& store) { store.put(row, value); });
}

void Session::remove(const Key& row) {
  impl_->use([&](Store& store) { store.remove(row); });
}

void Session::add(const Key& row, std::int64_t amount) {
  impl_->use([&](Store& store) { store.add(row, amount); });
}

void Session::add_real(const Key& row, double amount) {
  impl_->use([&](Store& store) { store.add_real(row, amount); });
}

void Session::reset(const Key& row) {
  impl_->use([&](Store& store) { store.reset(row); });
}

void Session::clear(const Key& prefix) {
  impl_->use([&](Store& store) { store.clear(prefix); });
}

std::optional<std::int64_t> Session::deadline(const Key& key) const {
  return impl_->use([&](Store& store) { return store.deadline(key); });
}

std::int64_t Session::now_ms() const {
  return impl_->use([](Store& store) { return store.now_ms(); });
}

bool Session::expire(const Key& key, std::optional<std::int64_t> deadline_ms) {
  return impl_->use([&](Store& store) { return store.expire(key, deadline_ms); });
}

}  // namespace anabranch
