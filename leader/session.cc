#include <anabranch/session.h>

#include <utility>

#include "leader/seen.h"
#include "leader/store_impl.h"

namespace anabranch {

class Session::Impl {
 public:
  Impl(Store& store, core::VersionVector before) : store_(store), seen_(std::move(before)) {}

  // Returns the result of a function of the store, and notes the committed state as seen.
  template <typename Function>
  auto use(const Function& function) {
    struct Look {  // Also after an exception: the function may have read something.
      leader::Seen& seen;
      const leader::Leader& leader;
      ~Look() { seen.look(leader.seen()); }
    };
    const Look look{seen_, inside().leader()};
    return function(store());
  }

  [[nodiscard]] core::VersionVector seen() const { return seen_.all(); }
  [[nodiscard]] Store::Impl& inside() const { return store().impl(); }

 private:
  // Throws Error{kInvalid} if the store is gone.
  [[nodiscard]] Store& store() const { return static_cast<Store&>(*store_); }

  ScopeRef store_;
  leader::Seen seen_;
};

Session Store::session() {
  (void)impl();
  return Session(std::make_unique<Session::Impl>(*this, core::VersionVector()));
}

Session Store::session(std::string_view token, std::chrono::milliseconds timeout, LostWrites gone) {
  core::VersionVector seen = impl().leader().decode_token(token).value_or_raise();
  seen = impl().wait_for(std::move(seen), timeout, gone);
  return Session(std::make_unique<Session::Impl>(*this, std::move(seen)));
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;
Session::Session(Session&& other) noexcept = default;
Session& Session::operator=(Session&& other) noexcept = default;

Session::Impl& Session::impl() const {
  if (impl_ == nullptr) throw Error(ErrorCode::kInvalid, "this session was moved from");
  return *impl_;
}

std::string Session::token() const { return impl().inside().leader().encode_token(impl().seen()); }

ReplicationProgress Session::wait(const WriteConcern& concern,
                                  std::chrono::milliseconds timeout) const {
  return impl().inside().wait(impl().seen(), concern, timeout);
}

void Session::transact(const std::function<void(Transaction&)>& function) {
  impl().use([&](Store& store) { store.transact(function); });
}

bool Session::transact_if(const Unchanged& seen,
                          const std::function<void(Transaction&)>& function) {
  return impl().use([&](Store& store) { return store.transact_if(seen, function); });
}

void Session::read(const std::function<void(ReadTransaction&)>& function) const {
  impl().use([&](Store& store) { store.read(function); });
}

void Session::atomically(const std::function<void(Scope&)>& function) {
  impl().use([&](Store& store) { store.atomically(function); });
}

void Session::look(const std::function<void(const leader::View&)>& function) const {
  impl().use([&](Store& store) { store.look(function); });
}

void Session::change(const std::function<void(leader::GroupWriter&)>& function) {
  impl().use([&](Store& store) { store.change(function); });
}

}  // namespace anabranch
