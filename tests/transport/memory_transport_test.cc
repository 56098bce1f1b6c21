#include "transport/memory_transport.h"

#include <doctest/doctest.h>

#include "tests/transport/event_log.h"

namespace anabranch::transport::memory_transport_test {

using test::EventLog;

TEST_SUITE_BEGIN("transport: memory");

TEST_CASE("a dialled link is up at once and the other side learns of it with the first message") {
  MemoryNetwork network;
  const auto eu = network.open("eu", {});
  const auto us = network.open("us", {"eu"});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  CHECK(at_us.events().back().address == "eu");
  us->send(link, 4, "hello");
  const LinkId accepted = at_eu.wait_up();
  REQUIRE(at_eu.wait_body("hello"));
  CHECK(at_eu.events().back().message_kind == 4);
  eu->send(accepted, 5, "and you");
  CHECK(at_us.wait_body("and you"));
  CHECK(us->counters().frames_sent == 1);
  CHECK(us->counters().frames_received == 1);
}

TEST_CASE("a peer that does not exist yet is dialled when it appears and again after it restarts") {
  MemoryNetwork network;
  const auto us = network.open("us", {"eu"});
  EventLog at_us{*us};
  auto eu = network.open("eu", {});
  const LinkId first = at_us.wait_up();
  eu.reset();
  CHECK(at_us.wait_down() == first);
  us->send(first, 0, "nobody");
  CHECK(us->counters().sends_failed == 1);
  const std::size_t seen = at_us.size();
  eu = network.open("eu", {});
  const LinkId second = at_us.wait_up(seen);
  CHECK(second != 0);
  CHECK(second != first);
}

TEST_CASE("a cut breaks both sides until it heals") {
  MemoryNetwork network;
  const auto eu = network.open("eu", {});
  const auto us = network.open("us", {"eu"});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId first = at_us.wait_up();
  us->send(first, 0, "one");
  REQUIRE(at_eu.wait_body("one"));
  network.cut("eu", "us");
  CHECK(at_us.wait_down() == first);
  CHECK(at_eu.wait_down() != 0);
  us->send(first, 0, "lost");
  const std::size_t seen = at_us.size();
  network.heal("us", "eu");
  const LinkId second = at_us.wait_up(seen);
  REQUIRE(second != 0);
  CHECK(second != first);
  us->send(second, 0, "two");
  CHECK(at_eu.wait_body("two"));
  CHECK(us->counters().sends_failed == 1);
}

TEST_CASE("a mute direction loses messages while the other one carries them") {
  MemoryNetwork network;
  const auto eu = network.open("eu", {});
  const auto us = network.open("us", {"eu"});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  us->send(link, 0, "one");
  const LinkId accepted = at_eu.wait_up();
  network.mute("us", "eu");
  us->send(link, 0, "lost");
  eu->send(accepted, 0, "heard");
  CHECK(at_us.wait_body("heard"));
  network.heal("us", "eu");
  us->send(link, 0, "two");
  REQUIRE(at_eu.wait_body("two"));
  for (const Event& event : at_eu.events()) CHECK(event.body != "lost");
}

TEST_CASE("a rejected link goes down on both sides and is dialled again") {
  MemoryNetwork network;
  const auto eu = network.open("eu", {});
  const auto us = network.open("us", {"eu"});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId first = at_us.wait_up();
  us->send(first, 0, "rubbish");
  const LinkId accepted = at_eu.wait_up();
  eu->reject(accepted, "it is tested");
  CHECK(at_eu.wait_down() == accepted);
  CHECK(at_us.wait_down() == first);
  const LinkId second = at_us.wait_up(1);
  CHECK(second != 0);
  CHECK(second != first);
  CHECK(eu->counters().frames_rejected == 1);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::memory_transport_test
