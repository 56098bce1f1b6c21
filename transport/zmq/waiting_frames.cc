#include "transport/zmq/waiting_frames.h"

#include <algorithm>
#include <utility>

namespace anabranch::transport {

void WaitingFrames::push(Incoming frame) {
  Held& held = held_[frame.routing_id];
  ++held.frames;
  held.bytes += size_of(frame);
  bytes_ += size_of(frame);
  newest_ = frame.routing_id;
  frames_.push_back(std::move(frame));
}

Incoming WaitingFrames::pop() {
  Incoming frame = std::move(frames_.front());
  frames_.pop_front();
  const auto held = held_.find(frame.routing_id);
  held->second.bytes -= size_of(frame);
  bytes_ -= size_of(frame);
  if (--held->second.frames == 0) held_.erase(held);
  return frame;
}

std::optional<std::string> WaitingFrames::too_much() const {
  const auto newest = held_.find(newest_);
  if (newest != held_.end() && newest->second.is_too_much()) return newest_;
  if (bytes_ <= kAllBytesMax) return std::nullopt;
  const auto bytes = [](const auto& each) { return each.second.bytes; };
  return std::ranges::max_element(held_, {}, bytes)->first;
}

Incoming WaitingFrames::drop(const std::string& routing_id) {
  Incoming last;
  const auto is_of_it = [&](Incoming& each) {
    if (each.routing_id != routing_id) return false;
    last = std::move(each);
    return true;
  };
  const auto held = held_.find(routing_id);
  bytes_ -= held->second.bytes;
  held_.erase(held);
  std::erase_if(frames_, is_of_it);
  return last;
}

}  // namespace anabranch::transport
