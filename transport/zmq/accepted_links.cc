#include "transport/zmq/accepted_links.h"

#include <utility>

#include "core/assert.h"
#include "transport/zmq/tcp_socket.h"

namespace anabranch::transport {

std::string name_of(const AcceptedLink& link) {
  const std::string host = link.address.empty() ? "a host that is gone" : link.address;
  if (link.user_id.empty()) return "a leader at " + host + ", which dialled this one,";
  return "region " + link.user_id.substr(0, link.user_id.find(' ')) + " (" + host + ")";
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved into the map.
AcceptedLink& AcceptedLinks::add(AcceptedLink link) {
  const LinkId id = link.id;
  const auto [named, is_new] = by_routing_id_.try_emplace(link.routing_id, id);
  ANABRANCH_ASSERT(is_new);
  if (link.descriptor >= 0) by_descriptor_[link.descriptor] = id;
  const auto [at, is_new_id] = links_.try_emplace(id, std::move(link));
  ANABRANCH_ASSERT(is_new_id);
  return at->second;
}

AcceptedLink* AcceptedLinks::find(LinkId id) {
  const auto at = links_.find(id);
  return at == links_.end() ? nullptr : &at->second;
}

AcceptedLink* AcceptedLinks::find(const std::string& routing_id) {
  const auto at = by_routing_id_.find(routing_id);
  return at == by_routing_id_.end() ? nullptr : find(at->second);
}

AcceptedLink* AcceptedLinks::at_descriptor(int descriptor) {
  const auto at = by_descriptor_.find(descriptor);
  return at == by_descriptor_.end() ? nullptr : find(at->second);
}

void AcceptedLinks::end(LinkId id) {
  const auto at = links_.find(id);
  ANABRANCH_ASSERT(at != links_.end());
  const AcceptedLink& link = at->second;
  const auto described = by_descriptor_.find(link.descriptor);
  if (described != by_descriptor_.end() && described->second == id) {
    by_descriptor_.erase(described);
  }
  by_routing_id_.erase(link.routing_id);
  ignore(link.routing_id);
  links_.erase(at);
}

void AcceptedLinks::ignore(const std::string& routing_id) {
  if (!ignored_.insert(routing_id).second) return;
  ignored_order_.push_back(routing_id);
  if (ignored_order_.size() <= kEndedMax) return;
  ignored_.erase(ignored_order_.front());
  ignored_order_.pop_front();
}

bool AcceptedLinks::is_ignored(const std::string& routing_id) const {
  return ignored_.contains(routing_id);
}

std::vector<LinkId> AcceptedLinks::look(std::chrono::milliseconds silence_max,
                                        AcceptedLink::Clock::time_point now) {
  std::vector<LinkId> silent;
  for (auto& [id, link] : links_) {
    link.hearing.look(bytes_of(link.descriptor), now);
    if (link.hearing.is_silent(silence_max, now)) silent.push_back(id);
  }
  return silent;
}

void AcceptedLinks::refresh(AcceptedLink::Clock::time_point now) {
  for (auto& [id, link] : links_) link.hearing.refresh(now);
}

}  // namespace anabranch::transport
