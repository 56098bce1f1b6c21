#include "transport/zmq/out_link.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace anabranch::transport {

namespace {

// A frame that ZeroMQ has.
struct OutFrame {
  std::string bytes;
  std::shared_ptr<OutLink::Handed> handed;
  const Outbox* outbox = nullptr;
};

// Called by a thread of ZeroMQ once it has written the frame, or has dropped it.
void written(void* /*data*/, void* hint) {
  const std::unique_ptr<OutFrame> frame(static_cast<OutFrame*>(hint));
  const std::size_t size = frame->bytes.size();
  const std::size_t before = frame->handed->bytes.fetch_sub(size);
  const std::size_t wake_below = frame->handed->wake_below;
  if (before >= wake_below && before - size < wake_below) frame->outbox->poke();
}

}  // namespace

// A link that waits has at least handed_max_ bytes: going below half of it wakes the thread.
OutLink::Flushed OutLink::flush(const Outbox& outbox, Compressor* compressor, Clock::time_point now,
                                const SendFrame& send) {
  look_at_speed(now);
  handed_->wake_below = handed_max_ / 2;
  for (int frames = 0; frames < kFramesInTurn; ++frames) {
    const std::size_t handed = handed_->bytes;
    const bool is_full = handed >= handed_max_;
    if (is_full && !full_since_ && !queue_.empty()) full_since_ = now;
    if (handed >= 2 * handed_max_) return Flushed::kWaits;
    const auto wanted = is_full ? OutQueue::Wanted::kNotes : OutQueue::Wanted::kAll;
    std::optional<std::string> bytes = queue_.next(wanted, compressor);
    if (!bytes) return Flushed::kWaits;
    auto frame = std::make_unique<OutFrame>(*std::move(bytes), handed_, &outbox);
    handed_->bytes += frame->bytes.size();
    zmq::message_t message(frame->bytes.data(), frame->bytes.size(), written, frame.get());
    (void)frame.release();  // The message frees it.
    if (!send(std::move(message))) return Flushed::kBroken;
  }
  return Flushed::kMore;
}

void OutLink::look_at_speed(Clock::time_point now) {
  if (!full_since_ || handed_->bytes >= handed_max_ / 2) return;
  const bool is_fast = now - *full_since_ < kFast;
  handed_max_ = is_fast ? std::min(2 * handed_max_, kHandedMax) : kHandedMin;
  full_since_.reset();
}

bool OutLink::tells(Lane lane, Clock::time_point now) {
  if (!is_untold(lane)) return false;
  const bool is_much = queue_.left(lane) - told(lane).left >= kTellBytes;
  if (!is_much && now < tells_at(lane)) return false;
  told_[static_cast<std::size_t>(lane)] = {queue_.left(lane), now};
  return true;
}

}  // namespace anabranch::transport
