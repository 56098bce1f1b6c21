// The threads for calls when the system begins no more threads.

#include "leader/threads/call_threads.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "leader/threads/begin_thread.h"
#include "tests/leader/store_world.h"
#include "tests/printed.h"

namespace anabranch::call_threads_test {

using leader::CallThreads;
using std::chrono::milliseconds;

namespace {

// So many threads begin, and then no more until there is room again.
struct Room {
  std::atomic<int> threads = 0;

  leader::BeginThread begin() {
    return [this](std::function<void()> body) {
      if (threads == 0) throw Error(ErrorCode::kIo, "there is no room");
      --threads;
      return leader::begin_thread(std::move(body));
    };
  }
};

// Counts the turns of all.
class Turns {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool come_to(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// Has so many turns.
class Work final : public leader::Job {
 public:
  Work(Turns& turns, int count) : turns_(turns), left_(count) {}
  bool turn() override {
    turns_.add();
    return --left_ > 0;
  }

 private:
  Turns& turns_;
  int left_;
};

// Begins threads, and counts those that have ended.
struct Ended {
  Turns threads;

  leader::BeginThread begin() {
    return [this](std::function<void()> body) {
      return leader::begin_thread([this, run = std::move(body)] {
        run();
        threads.add();
      });
    };
  }
};

// Has one turn, which lasts until the gate is opened.
class SlowWork final : public leader::Job {
 public:
  SlowWork(Turns& turns, std::shared_future<void> gate) : turns_(turns), gate_(std::move(gate)) {}
  bool turn() override {
    turns_.add();
    gate_.wait();
    return false;
  }

 private:
  Turns& turns_;
  std::shared_future<void> gate_;
};

std::size_t count(const std::string& text, const std::string& words) {
  std::size_t found = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_SUITE("leader: threads for calls") {
  TEST_CASE("when the system begins no more threads those that there are do the work") {
    for (const int threads : {1, 2, 3}) {
      Room room;
      Turns turns;
      const std::string said = test::printed([&] {
        CallThreads calls("eu", nullptr, milliseconds(1000), room.begin());
        room.threads = threads;
        for (int i = 0; i < 20; ++i) calls.add(std::make_shared<Work>(turns, 5));
        CHECK(turns.come_to(100));
      });
      CAPTURE(said);
      CHECK(count(said, "there is no room") <= 1);  // Maybe a few were enough.
      if (threads == 1) CHECK(count(said, "eu: watches are called by 1 threads for now") == 1);
    }
  }

  TEST_CASE("threads that slow work has needed end when it is done, also before all are closed") {
    constexpr int kSlow = 8;  // Twice as many as there are threads for work that is not slow.
    Ended ended;
    Turns turns;
    std::promise<void> gate;
    const std::string said = test::printed([&] {
      CallThreads calls("eu", nullptr, milliseconds(1), ended.begin());
      const std::shared_future<void> opened = gate.get_future().share();
      for (int i = 0; i < kSlow; ++i) calls.add(std::make_shared<SlowWork>(turns, opened));
      CHECK(turns.come_to(kSlow));
      gate.set_value();
      CHECK(ended.threads.come_to(1));
    });
    CHECK(count(said, "the function of a watch has been running") >= 1);
    CHECK(ended.threads.come_to(kSlow + 1));  // With the one that is idle beside them.
  }

  TEST_CASE("without any thread a begin fails, and what was added runs when there is one") {
    Room room;
    Turns turns;
    const std::string said = test::printed([&] {
      CallThreads calls("eu", nullptr, milliseconds(1000), room.begin());
      CHECK(test::code_of([&] { calls.begin(); }) == ErrorCode::kIo);
      calls.add(std::make_shared<Work>(turns, 1));
      calls.add(std::make_shared<Work>(turns, 1));
      room.threads = 100;
      calls.begin();
      CHECK(turns.come_to(2));
      room.threads = 0;
      calls.begin();  // There is one.
    });
    CHECK(count(said, "there is no room") == 1);
  }
}

}  // namespace anabranch::call_threads_test
