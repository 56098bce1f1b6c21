#include "storage/engine/side_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace anabranch::storage::side_thread_test {
namespace {

TEST_SUITE("storage: side thread") {
  TEST_CASE("functions run beside their caller, one after the other, on one thread") {
    SideThread beside;
    std::thread::id thread;
    for (int i = 0; i < 1000; ++i) {
      std::atomic<bool> goes_on = false;
      int ran = 0;
      SideThread::Run run = beside.begin([&]() -> core::Result<void> {
        while (!goes_on) std::this_thread::yield();
        if (i == 0) thread = std::this_thread::get_id();
        ran = std::this_thread::get_id() == thread ? i : -1;
        return {};
      });
      goes_on = true;  // A function that did not run beside this would never end.
      REQUIRE(run.wait().ok());
      REQUIRE(ran == i);
    }
    CHECK(thread != std::this_thread::get_id());
  }

  TEST_CASE("a caller gets the failure, or the exception, of its function") {
    SideThread beside;
    const auto done = beside.begin([] { return core::Result<void>(core::invalid("no")); }).wait();
    CHECK_FALSE(done.ok());
    CHECK(done.failure().message == "no");
    SideThread::Run run =
        beside.begin([]() -> core::Result<void> { throw std::runtime_error("no"); });
    CHECK_THROWS_AS((void)run.wait(), std::runtime_error);
    CHECK(beside.begin([] { return core::Result<void>(); }).wait().ok());
  }

  TEST_CASE("a function has returned when its run ends, also without a wait for it") {
    SideThread beside;
    for (int i = 0; i < 1000; ++i) {
      std::atomic<bool> returned = false;
      {
        const SideThread::Run run = beside.begin([&]() -> core::Result<void> {
          std::this_thread::yield();
          returned = true;
          return {};
        });
      }
      REQUIRE(returned);
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::side_thread_test
