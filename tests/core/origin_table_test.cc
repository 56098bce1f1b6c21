#include "core/origin_table.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace anabranch::core::origin_table_test {
namespace {

TEST_SUITE_BEGIN("core: origin table");

TEST_CASE("numbers are given from 0 on, once per origin, and found both ways") {
  OriginTable table;
  CHECK_FALSE(table.number(77).has_value());
  CHECK_FALSE(table.origin(0).has_value());
  CHECK(table.add(77) == 0);
  CHECK(table.add(5) == 1);
  CHECK(table.add(77) == 0);
  CHECK(table.size() == 2);
  CHECK(table.number(5) == 1);
  CHECK(table.origin(0) == Origin{77});
  CHECK(table.origin(1) == Origin{5});
  CHECK_FALSE(table.origin(2).has_value());
}

TEST_CASE("a copy does not see what is added later") {
  OriginTable table;
  table.add(77);
  const OriginTable copy = table;
  table.add(5);
  CHECK(copy.size() == 1);
  CHECK_FALSE(copy.number(5).has_value());
}

TEST_CASE("a thread that reads sees every origin that it is told of, while another adds") {
  constexpr std::uint32_t kOrigins = 20'000;
  const auto origin_of = [](std::uint32_t number) { return Origin{number} * 3 + 1; };
  OriginTable table;
  std::atomic<bool> wrong = false;
  std::thread reader([&] {
    for (std::size_t seen = 0; seen < kOrigins; seen = table.size()) {
      for (std::size_t i = seen < 100 ? 0 : seen - 100; i < seen; ++i) {
        const auto number = static_cast<std::uint32_t>(i);
        if (table.origin(number) != origin_of(number)) wrong = true;
      }
    }
  });
  for (std::uint32_t number = 0; number < kOrigins; ++number) {
    CHECK(table.add(origin_of(number)) == number);
  }
  reader.join();
  CHECK_FALSE(wrong);
  for (std::uint32_t number = 0; number < kOrigins; ++number) {
    CHECK(table.origin(number) == origin_of(number));
    CHECK(table.number(origin_of(number)) == number);
  }
  CHECK_FALSE(table.origin(kOrigins).has_value());
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::origin_table_test
