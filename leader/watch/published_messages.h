// Messages of presence that this store has published and not sent yet: they wait for the thread
// that exchanges with the peers, so that nobody who publishes waits for the writer or the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "transport/wake.h"

namespace anabranch::leader {

struct PublishedMessage {
  std::string channel;
  std::string body;
  std::int64_t when_ms = 0;  // Leader::now_ms().
};

// Thread-safe.
class PublishedMessages {
 public:
  static constexpr std::size_t kMax = 1000;
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20U;

  // Adds a message, and wakes the thread. Drops and counts it where too much is waiting.
  void add(PublishedMessage message) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = message.channel.size() + message.body.size();
    if (messages_.size() >= kMax || bytes_ + bytes > kBytesMax) {
      ++dropped_;
      return;
    }
    bytes_ += bytes;
    messages_.push_back(std::move(message));
    if (messages_.size() == 1) wake_.signal();
  }
  // Takes all messages, the oldest first.
  [[nodiscard]] std::vector<PublishedMessage> take() {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) return {};
    wake_.reset();
    bytes_ = 0;
    return std::exchange(messages_, {});
  }
  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  // Readable while messages wait.
  [[nodiscard]] int fd() const { return wake_.fd(); }

 private:
  mutable core::Mutex mutex_;
  transport::Wake wake_;
  std::vector<PublishedMessage> messages_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace anabranch::leader
