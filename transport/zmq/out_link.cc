#include "transport/zmq/out_link.h"

#include <optional>
#include <utility>

namespace anabranch::transport {

namespace {

// A link that waits has more than this handed over: going below it wakes the thread.
constexpr std::size_t kWakeBelow = kSentFrameMax + 1;
static_assert(kWakeBelow <= OutLink::kBodiesHandedMax);

// A frame that ZeroMQ has.
struct Handed {
  std::string frame;
  std::shared_ptr<std::atomic<std::size_t>> bytes;
  const Outbox* outbox = nullptr;
};

// Called by a thread of ZeroMQ once it has written the frame, or has dropped it.
void written(void* /*data*/, void* hint) {
  const std::unique_ptr<Handed> handed(static_cast<Handed*>(hint));
  const std::size_t size = handed->frame.size();
  const std::size_t before = handed->bytes->fetch_sub(size);
  if (before >= kWakeBelow && before - size < kWakeBelow) handed->outbox->poke();
}

}  // namespace

OutLink::Flushed OutLink::flush(const Outbox& outbox, Compressor* compressor,
                                const SendFrame& send) {
  for (int frames = 0; frames < kFramesInTurn; ++frames) {
    const std::size_t bytes = handed_->load();
    if (bytes >= kNotesHandedMax) return Flushed::kWaits;
    const auto wanted =
        bytes < kBodiesHandedMax ? OutQueue::Wanted::kAll : OutQueue::Wanted::kNotes;
    std::optional<std::string> frame = queue_.next(wanted, compressor);
    if (!frame) return Flushed::kWaits;
    auto handed = std::make_unique<Handed>(*std::move(frame), handed_, &outbox);
    *handed_ += handed->frame.size();
    zmq::message_t message(handed->frame.data(), handed->frame.size(), written, handed.get());
    (void)handed.release();  // The message frees it.
    if (!send(std::move(message))) return Flushed::kBroken;
  }
  return Flushed::kMore;
}

bool OutLink::tells(Lane lane, Clock::time_point now) {
  if (!is_untold(lane)) return false;
  const bool is_much = queue_.left(lane) - told(lane).left >= kTellBytes;
  if (!is_much && now < tells_at(lane)) return false;
  told_[static_cast<std::size_t>(lane)] = {queue_.left(lane), now};
  return true;
}

}  // namespace anabranch::transport
