// Messages of presence at a store.

#include <anabranch/store.h>

#include <utility>

#include "leader/store_impl.h"
#include "regions/wire/presence.h"

namespace anabranch {

void Store::publish(std::string_view channel, std::string_view body) {
  impl().publish(channel, body);
}

PresenceWatch Store::listen(std::string_view prefix, OnPresence function) {
  return impl().listen(std::string(prefix), std::move(function));
}

void Store::Impl::publish(std::string_view channel, std::string_view body) {
  using regions::Presence;
  process_.check();
  rows::check_outside_hooks();
  if (channel.empty() || channel.size() > Presence::kChannelBytesMax) {
    throw Error(ErrorCode::kInvalid, "a channel has 1 to 256 bytes");
  }
  if (body.size() > Presence::kBodyBytesMax) {
    throw Error(ErrorCode::kTooLarge, "a message of presence has at most 64 KiB");
  }
  presence_watches_->tell({std::string(channel), std::string(body), leader_->region(), false, 0});
  published_.add({std::string(channel), std::string(body), leader_->now_ms()});
}

PresenceWatch Store::Impl::listen(std::string prefix, OnPresence function) {
  process_.check();
  rows::check_outside_hooks();
  if (!function) throw Error(ErrorCode::kInvalid, "a listener needs a function to call");
  watches_->threads.begin();
  auto impl = std::make_shared<PresenceWatch::Impl>(watches_, presence_watches_, std::move(prefix),
                                                    std::move(function));
  impl->begin();
  return PresenceWatch(std::move(impl));
}

void Store::Impl::send_published(leader::Leader& leader) {
  for (leader::PublishedMessage& each : published_.take()) {
    leader.publish(std::move(each.channel), std::move(each.body), each.when_ms);
  }
}

}  // namespace anabranch
