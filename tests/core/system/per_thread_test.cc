#include "core/system/per_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace anabranch::per_thread_test {

namespace {

std::atomic<int> made = 0;
std::atomic<int> gone = 0;
std::atomic<int> seen = 0;

struct Number {
  Number() { ++made; }
  ~Number() { ++gone; }
  int value = 0;
};

struct LooksAtEnd {
  bool wanted = false;
  ~LooksAtEnd() {
    if (wanted) seen = core::PerThread<Number>::mine().value;
  }
};
thread_local LooksAtEnd looks_at_end;

}  // namespace

TEST_SUITE("core/per_thread") {
  TEST_CASE("each thread has its own, until all its other objects are gone") {
    core::PerThread<Number>::mine().value = 1;
    const int before = made;
    std::thread([] {
      looks_at_end.wanted = true;
      core::PerThread<Number>::mine().value = 2;
    }).join();
    CHECK(made == before + 1);
    CHECK(gone == 1);
    CHECK(seen == 2);
    CHECK(core::PerThread<Number>::mine().value == 1);
  }
}

}  // namespace anabranch::per_thread_test
