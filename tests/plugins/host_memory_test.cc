// The host's own want of memory is no verdict: it is thrown, and the machine works again later.
#include "plugins/machine.h"

#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#include <doctest/doctest.h>

#include "tests/plugins/guests.h"

namespace {

// Allocations of at least so many bytes fail.
thread_local std::size_t failing_from = std::numeric_limits<std::size_t>::max();

void* allocated(std::size_t size) {
  void* const at = size >= failing_from ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (at == nullptr) throw std::bad_alloc();
  return at;
}

}  // namespace

// Of the whole program: those of wabt are inside of it.
void* operator new(std::size_t size) { return allocated(size); }
void* operator new[](std::size_t size) { return allocated(size); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete[](void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete[](void* at, std::size_t) noexcept { std::free(at); }

namespace anabranch::plugins::host_memory_test {
namespace {

class Shortage {
 public:
  explicit Shortage(std::size_t from) { failing_from = from; }
  Shortage(const Shortage&) = delete;
  Shortage& operator=(const Shortage&) = delete;
  ~Shortage() { failing_from = std::numeric_limits<std::size_t>::max(); }
};

TEST_CASE("want of the host's memory is thrown and leaves the machine as it was") {
  auto loaded = Module::load(
      test::resolver("(drop (memory.grow (i32.const 100))) (i32.store8 (i32.const 3) (memory.size))"
                     "(i64.const 0x300000001)"));
  REQUIRE(loaded.ok());
  Machine machine(loaded.value());
  const Outcome before = machine.run("input");
  CHECK(before.value == "e");
  for (int i = 0; i < 3; ++i) {
    {
      const Shortage shortage(std::size_t{1} << 20);
      CHECK_THROWS_AS((void)machine.run("input"), std::bad_alloc);
    }
    CHECK(machine.run("input") == before);
  }
}

}  // namespace
}  // namespace anabranch::plugins::host_memory_test
