#include "transport/zmq/partial_bodies.h"

#include <algorithm>

namespace anabranch::transport {

void PartialBodies::note(LinkId link, std::string_view source, std::size_t bytes) {
  auto at = bodies_.find(link);
  if (bytes == 0) {
    if (at == bodies_.end()) return;
    bytes_ -= at->second.bytes;
    bodies_.erase(at);
    return;
  }
  if (at == bodies_.end()) {
    at = bodies_.emplace(link, Body{std::string(source), 0, ++numbered_}).first;
  }
  bytes_ += bytes - at->second.bytes;
  at->second.bytes = bytes;
}

std::optional<LinkId> PartialBodies::too_much() const {
  if (bytes_ <= bytes_max_) return std::nullopt;
  std::unordered_map<std::string_view, std::size_t> by_source;
  for (const auto& [link, body] : bodies_) by_source[body.source] += body.bytes;
  const auto most =
      std::ranges::max_element(by_source, {}, [](const auto& each) { return each.second; });
  const auto began = [&](const auto& each) {
    return each.second.source == most->first ? each.second.number : 0;
  };
  return std::ranges::max_element(bodies_, {}, began)->first;
}

}  // namespace anabranch::transport
