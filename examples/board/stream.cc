#include "examples/board/stream.h"

#include <algorithm>
#include <utility>

#include "examples/board/limits.h"

namespace board {
namespace {

constexpr std::size_t kWaitingBytesMax = std::size_t{16} << 20U;
constexpr std::size_t kWaitingMax = 20'000;

}  // namespace

Event event(std::string_view name, const nlohmann::json& data, std::string_view id) {
  std::string text;
  if (!id.empty()) text.append("id: ").append(id).append("\n");
  text.append("event: ").append(name).append("\ndata: ").append(data.dump()).append("\n\n");
  return std::make_shared<const std::string>(std::move(text));
}

Stream::Stream(Reader reader, std::function<void()> wake)
    : reader_(std::move(reader)), wake_(std::move(wake)) {}

void Stream::wake_locked() {
  if (std::exchange(is_awake_, true)) return;
  wake_();
}

void Stream::push(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (has_ended_) return;
  if (bytes_ + event->size() > kWaitingBytesMax || waiting_.size() == kWaitingMax) {
    return end_locked("This page reads too slowly. It connects again.");
  }
  waiting_.push_back(event);
  bytes_ += event->size();
  wake_locked();
}

void Stream::put(Slot slot, const Event& event) {
  const std::lock_guard lock(mutex_);
  if (has_ended_) return;
  newest_.at(static_cast<std::size_t>(slot)) = event;
  wake_locked();
}

void Stream::end(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!has_ended_) end_locked(why);
}

void Stream::end_locked(const std::string& why) {
  has_ended_ = true;
  newest_ = {};
  waiting_.assign(1, event("gone", {{"error", why}}));
  bytes_ = 0;
  wake_locked();
}

Event Stream::take() {
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty()) {
    Event next = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= std::min(bytes_, next->size());
    return next;
  }
  for (Event& newest : newest_) {
    if (newest) return std::exchange(newest, nullptr);
  }
  is_awake_ = false;
  return nullptr;
}

bool Stream::is_over() const {
  const std::lock_guard lock(mutex_);
  return has_ended_ && waiting_.empty();
}

void Streams::add(const std::shared_ptr<Stream>& stream) {
  const std::lock_guard lock(mutex_);
  const std::string& page = stream->reader().page;
  std::erase_if(streams_, [&](const std::shared_ptr<Stream>& other) {
    if (page.empty() || other->reader().page != page) return false;
    other->end("This page has another stream now.");
    return true;
  });
  if (streams_.size() == kLimits.streams) {
    throw Refused(503, "This region serves 1000 pages already. Try again later.");
  }
  streams_.push_back(stream);
}

void Streams::remove(const std::shared_ptr<Stream>& stream) {
  const std::lock_guard lock(mutex_);
  std::erase(streams_, stream);
}

std::vector<std::shared_ptr<Stream>> Streams::all() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}

std::vector<std::shared_ptr<Stream>> Streams::of(const std::string& document) const {
  std::vector<std::shared_ptr<Stream>> found = all();
  std::erase_if(found, [&](const std::shared_ptr<Stream>& each) {
    return each->reader().document != document;
  });
  return found;
}

std::shared_ptr<Stream> Streams::page(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const std::shared_ptr<Stream>& each : streams_) {
    if (each->reader().page == name) return each;
  }
  return nullptr;
}

std::size_t Streams::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

}  // namespace board
