// Begins watches at a store.

#include <anabranch/store.h>

#include <utility>

#include "leader/store_impl.h"

namespace anabranch {

Watch Store::watch(std::string_view prefix, OnChanges function) {
  return watch(0, prefix, std::move(function));
}

Watch Store::watch(std::string_view prefix, std::string_view since, OnChanges function) {
  return watch(0, prefix, since, std::move(function));
}

Watch Store::watch(std::uint8_t database, std::string_view prefix, OnChanges function) {
  return impl().watch(leader::watched_prefix(database, prefix), std::nullopt, std::move(function));
}

Watch Store::watch(std::uint8_t database, std::string_view prefix, std::string_view since,
                   OnChanges function) {
  return impl().watch(leader::watched_prefix(database, prefix),
                      impl().leader().decode_token(since).value_or_raise(), std::move(function));
}

LoserWatch Store::watch_losers(LoserFilter filter, OnLosers function) {
  return impl().watch_losers(std::move(filter), std::move(function));
}

LoserWatch Store::Impl::watch_losers(LoserFilter filter, OnLosers function) {
  process_.check();
  if (!function) throw Error(ErrorCode::kInvalid, "a watch needs a function to call");
  watches_->threads.begin();
  const auto read = [this, filter = std::move(filter)](rows::ConflictNumber entry) {
    return leader_->losers_of(entry, filter);
  };
  auto impl =
      std::make_shared<LoserWatch::Impl>(watches_, loser_watches_, read, std::move(function));
  impl->begin(leader_->losers_end());
  return LoserWatch(std::move(impl));
}

EventWatch Store::events(OnEvent function) { return impl().events(std::move(function)); }

EventWatch Store::Impl::events(OnEvent function) {
  process_.check();
  rows::check_outside_hooks();
  if (!function) throw Error(ErrorCode::kInvalid, "a watch needs a function to call");
  watches_->threads.begin();
  const StoreStatus now = status();
  auto impl = std::make_shared<EventWatch::Impl>(watches_, events_, std::move(function));
  events_->join(*impl, now, leader_->losers_end());
  return EventWatch(std::move(impl));
}

Watch Store::Impl::watch(std::string prefix, const std::optional<core::VersionVector>& seen,
                         OnChanges function) {
  process_.check();
  rows::check_outside_hooks();
  if (!function) throw Error(ErrorCode::kInvalid, "a watch needs a function to call");
  watches_->threads.begin();
  auto impl = std::make_shared<Watch::Impl>(watches_, std::move(prefix), std::move(function));
  Watch watch(impl);
  impl->begin(seen);
  return watch;
}

}  // namespace anabranch
