#include "core/mutex.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <mutex>
#include <thread>

#include "core/pace.h"

namespace anabranch::core::mutex_test {

namespace {

// Counts its looks.
class Counting final : public Pace {
 public:
  Counting() : Pace(1), before_(exchange(this)) {}
  ~Counting() { exchange(before_); }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  using Pace::units;
  [[nodiscard]] std::size_t looks() const { return looks_; }

 private:
  void look() override { ++looks_; }

  Pace* before_;
  std::size_t looks_ = 0;
};

}  // namespace

TEST_SUITE("core: mutex") {
  TEST_CASE("no slice ends while its thread holds a mutex, and units count all the same") {
    Mutex one;
    Mutex other;
    Counting pace;
    Pace::breathe();
    CHECK(pace.looks() == 1);
    {
      const std::scoped_lock both(one, other);
      Pace::breathe();
      Pace::pass();
      one.unlock();
      Pace::breathe();  // The other one is still held.
      one.lock();
    }
    CHECK(pace.looks() == 1);
    CHECK(pace.units() == 3);
    Pace::pass();
    CHECK(pace.looks() == 2);
  }

  TEST_CASE("a mutex counts for the thread that holds it, and one that is not got for nobody") {
    Mutex mutex;
    CHECK_FALSE(Mutex::any_held());
    const std::lock_guard lock(mutex);
    CHECK(Mutex::any_held());
    bool got = true;
    bool held = true;
    std::thread([&] {
      got = mutex.try_lock();
      held = Mutex::any_held();
    }).join();
    CHECK_FALSE(got);
    CHECK_FALSE(held);
  }
}

}  // namespace anabranch::core::mutex_test
