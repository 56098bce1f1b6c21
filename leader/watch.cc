#include "leader/watch.h"

#include <utility>

#include "core/log.h"
#include "leader/store_impl.h"

namespace anabranch {

Watch::Impl::Impl(const leader::Leader& leader, leader::WatchFeed feed, OnChanges function)
    : leader_(leader), feed_(std::move(feed)), function_(std::move(function)) {
  thread_ = std::thread([this] { run(); });
}

void Watch::Impl::stop() {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) return;
  ANABRANCH_ASSERT(thread_.get_id() != std::this_thread::get_id());
  stopped_ = true;
  leader_.board().ring();
  thread_.join();
}

void Watch::Impl::run() {
  while (!stopped_) {
    const std::uint32_t rings = leader_.board().rings();  // What comes after this ends the sleep.
    try {
      while (!stopped_) {
        const auto changes = feed_.next();
        if (!changes) break;
        tell(*changes);
      }
    } catch (const std::exception& error) {
      core::log_error(std::string("a watch has ended: ") + error.what());
      return;
    }
    if (!stopped_) leader_.board().wait(rings);
  }
}

void Watch::Impl::tell(const Changes& changes) {
  try {
    function_(changes);
  } catch (const std::exception& error) {
    core::log_warning(std::string("the function of a watch has thrown: ") + error.what());
  } catch (...) {
    core::log_warning("the function of a watch has thrown something");
  }
}

Watch::Watch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::Watch(Watch&&) noexcept = default;

Watch& Watch::operator=(Watch&& other) noexcept {
  if (impl_) impl_->stop();
  impl_ = std::move(other.impl_);
  return *this;
}

Watch::~Watch() {
  if (impl_) impl_->stop();
}

// ---- The store's side.

Watch Store::watch(std::string_view prefix, OnChanges function) {
  return impl_->watch(prefix, std::nullopt, std::move(function));
}

Watch Store::watch(std::string_view prefix, std::string_view since, OnChanges function) {
  return impl_->watch(prefix, impl_->leader().decode_token(since).value_or_raise(),
                      std::move(function));
}

Watch Store::Impl::watch(std::string_view prefix, const std::optional<core::VersionVector>& seen,
                         OnChanges function) {
  if (!function) throw Error(ErrorCode::kInvalid, "a watch needs a function to call");
  auto impl =
      std::make_shared<Watch::Impl>(*leader_, leader_->feed(prefix, seen), std::move(function));
  const std::lock_guard lock(watches_mutex_);
  std::erase_if(watches_, [](const auto& each) { return each.expired(); });
  watches_.push_back(impl);
  return Watch(std::move(impl));
}

}  // namespace anabranch
