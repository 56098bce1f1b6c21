// A long piece of work that goes in slices, wherever it is when a slice ends: between two reads or
// writes of a scope, deep within a command.
//
//   Strand strand([&] { ...; core::Pace::breathe(); ... });
//   while (!strand.go_on(until)) ...      // Other work.
//   strand.result();                      // Throws what the work has thrown.
//
// The work has a stack of its own, that of a thread, but never runs beside its owner: one of both
// waits for the other. So the work may use whatever its owner may, and needs no lock. Where the
// system has no thread for it, it is one slice, and may be as many units as with one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "core/pace.h"
#include "leader/threads/begin_thread.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Strand final : public core::Pace {
 public:
  // Thrown out of breathe() when the strand is destroyed before the work is done. No error: nobody
  // asks for the result any more.
  struct Abandoned {};

  // Thrown out of breathe() when the work has become too much.
  struct TooMuch {
    std::size_t units_max;
  };

  // Counts the processor time of strands, in nanoseconds: it is not that of their owner's thread.
  using Spent = std::atomic<std::int64_t>;

  // The work begins with the first slice. It may be so many units. `spent` may be null; else it
  // must outlive the strand.
  Strand(std::function<void()> work, std::size_t units_max, Spent* spent = nullptr,
         leader::BeginThread begin_thread = leader::begin_thread)
      : Pace(kLook),
        work_(std::move(work)),
        units_max_(units_max),
        spent_(spent),
        begin_thread_(std::move(begin_thread)) {}
  // Ends the work at the place where it is.
  ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Goes on until about `until`; returns whether the work is done.
  bool go_on(SteadyTime until);
  // Throws what the work has thrown; once, when it is done.
  void result() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  enum class Turn : std::uint8_t { kOwner, kWork };

  void run_on_thread();
  void run_here();
  void run();
  // Ends the slice when it is time.
  void look() override;
  void pause_if_late();
  void count_spent();
  // Lets the other one run, and waits until this one may.
  void hand_over(Turn to, Turn back);

  std::function<void()> work_;
  const std::size_t units_max_;
  Spent* const spent_;
  const leader::BeginThread begin_thread_;
  std::int64_t counted_ = 0;  // Of the time of the thread.
  SteadyTime until_ = {};
  std::exception_ptr thrown_;
  bool begun_ = false;
  bool done_ = false;
  bool abandoned_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  Turn turn_ = Turn::kOwner;
  std::thread thread_;
};

}  // namespace anabranch::server
