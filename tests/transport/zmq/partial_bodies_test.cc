// How much of bodies links hold in part, in sum.
#include <doctest/doctest.h>

#include "transport/zmq/partial_bodies.h"

namespace anabranch::transport::partial_bodies_test {

TEST_SUITE_BEGIN("transport: partial bodies");

TEST_CASE("the source that holds most gives way, with the body that began last") {
  PartialBodies bodies(100);
  bodies.note(1, "many", 30);
  bodies.note(2, "one", 50);
  CHECK_FALSE(bodies.too_much());
  bodies.note(3, "many", 10);
  bodies.note(1, "many", 45);
  CHECK(bodies.bytes() == 105);
  CHECK(bodies.too_much() == 3);
  bodies.note(3, {}, 0);
  CHECK(bodies.bytes() == 95);
  CHECK_FALSE(bodies.too_much());
}

TEST_CASE("a body that is whole, or dropped, counts no longer") {
  PartialBodies bodies(100);
  bodies.note(1, "one", 90);
  bodies.note(1, "one", 0);
  bodies.note(1, "one", 0);
  CHECK(bodies.bytes() == 0);
  bodies.note(1, "one", 101);
  CHECK(bodies.too_much() == 1);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::partial_bodies_test
