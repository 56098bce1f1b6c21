// The streams of events to pages: their queues and their readers.
//
// An event is rendered once and shared by all streams that it goes to. Deltas of a text are sent in
// order, all of them; of everything else only the newest matters, so a page that reads slowly skips
// states, not edits. No stream has a thread: an event is put there and wakes the one
// that serves HTTP.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace board {

using Event = std::shared_ptr<const std::string>;

// Returns an event as the stream has it. `id` may be empty.
Event event(std::string_view name, const nlohmann::json& data, std::string_view id = {});

// States: only the newest of each is sent.
enum class Slot : std::uint8_t { kCard, kPeople, kSeen, kMesh, kDocs };
inline constexpr std::size_t kSlots = 5;

// The stream of one page. Thread-safe.
class Stream {
 public:
  struct Reader {
    std::string document;  // Empty: none.
    std::string page;
    std::string name;
  };

  // `wake` is called, on any thread, when there is something to send and before there was nothing.
  Stream(Reader reader, std::function<void()> wake);

  [[nodiscard]] const Reader& reader() const { return reader_; }

  // Adds an event in order. A stream that has 16 MiB or 20,000 of them waiting ends.
  void push(const Event& event);
  void put(Slot slot, const Event& event);
  // Ends with a last event that says why, in a sentence.
  void end(const std::string& why);

  // Takes the next event; null when there is none.
  Event take();
  // Whether it has ended and all of it is taken.
  [[nodiscard]] bool is_over() const;

 private:
  void end_locked(const std::string& why);
  void wake_locked();

  const Reader reader_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::deque<Event> waiting_;
  std::size_t bytes_ = 0;
  std::array<Event, kSlots> newest_;
  bool is_awake_ = false;
  bool has_ended_ = false;
};

// All streams of a region. Thread-safe.
class Streams {
 public:
  // Adds a stream; another one of the same page ends. Throws Refused{503} when there are too many.
  void add(const std::shared_ptr<Stream>& stream);
  void remove(const std::shared_ptr<Stream>& stream);

  [[nodiscard]] std::vector<std::shared_ptr<Stream>> all() const;
  [[nodiscard]] std::vector<std::shared_ptr<Stream>> of(const std::string& document) const;
  // Returns the stream of a page; null when it has none.
  [[nodiscard]] std::shared_ptr<Stream> page(const std::string& name) const;
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;
};

}  // namespace board
