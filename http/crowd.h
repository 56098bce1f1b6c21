// The open connections of the HTTP port, and the order in which they give way to new ones. Not
// thread-safe.
//
// From a sixteenth below the bound on one gives way to each new one: the oldest without a whole
// request, else the one that was idle for longest, else the oldest stream that is for nobody in
// particular, else one that has taken nothing of its answer for a second. One that has just come
// without a request goes after all of these: it may be about to ask. So a new one is served even
// beside any number of strangers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

struct lws;

namespace anabranch::http {

class Crowd {
 public:
  using Clock = std::chrono::steady_clock;
  // A request is whole within that.
  static constexpr std::chrono::seconds kRequestTime{5};

  // The state of a connection, in the order in which they give way.
  enum class State : std::uint8_t { kNoRequest, kIdle, kStream, kUnread, kNew, kStays };
  // Returns that of the request with this number.
  using StateOf = std::function<State(std::uint64_t number, Clock::time_point now)>;
  // Ends a connection, in a moment.
  using End = std::function<void(lws* connection)>;

  Crowd(std::size_t max, StateOf state_of, End end)
      : max_(max), state_of_(std::move(state_of)), end_(std::move(end)) {}

  // Whether there is room for one more; one gives way where there is little.
  bool has_room();
  void came(lws* connection) { visits_[connection] = {.asked = Clock::now()}; }
  // A request of a connection has begun. It must not be giving way.
  void asked(lws* connection, std::uint64_t number) {
    visits_[connection] = {.asked = Clock::now(), .number = number};
  }
  // Whether a connection is about to end: then nothing more is done for it, since that would give
  // it another time limit than the one that ends it.
  [[nodiscard]] bool gives_way(lws* connection) const {
    const auto found = visits_.find(connection);
    return found != visits_.end() && found->second.gives_way;
  }
  void gone(lws* connection);
  // Ends those whose request is not whole in time, also when it comes in many small parts.
  void end_late();

  [[nodiscard]] std::size_t size() const { return visits_.size(); }
  // How many have given way, or were late.
  [[nodiscard]] std::uint64_t ended() const { return ended_; }

 private:
  struct Visit {
    Clock::time_point asked = {};  // When its last request began, or it came.
    std::uint64_t number = 0;      // Of that request; 0: it has asked nothing yet.
    bool gives_way = false;        // It is about to end.
  };

  [[nodiscard]] State state_of(const Visit& visit, Clock::time_point now) const {
    const State state = visit.number == 0 ? State::kNoRequest : state_of_(visit.number, now);
    return state == State::kNoRequest && now - visit.asked < kNewFor ? State::kNew : state;
  }
  void end(lws* connection, Visit& visit);

  static constexpr std::size_t kSpareShare = 16;  // Of the room: kept for new ones.
  static constexpr std::chrono::milliseconds kNewFor{500};

  const std::size_t max_;
  const StateOf state_of_;
  const End end_;
  std::map<lws*, Visit> visits_;
  std::size_t giving_way_ = 0;  // Of these.
  std::uint64_t ended_ = 0;
};

}  // namespace anabranch::http
