#include "core/origin_table.h"

#include <doctest/doctest.h>

namespace anabranch::core {
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

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core
