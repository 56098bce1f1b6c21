// Lines that carry little: frames are short, notes overtake bodies, and no link breaks by its load.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/transport/event_log.h"
#include "tests/transport/zmq/foreign_peer.h"
#include "tests/transport/zmq/relay.h"
#include "transport/frame.h"
#include "transport/zmq/out_link.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::transport::thin_link_test {

using std::chrono::seconds;
using test::EventLog;
using test::port_of;
using test::Relay;

TEST_SUITE_BEGIN("transport: thin links");

namespace {

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
  return bytes;
}

// A dialling side and a listening one behind a relay.
struct World {
  std::unique_ptr<Transport> eu =
      open_zmq_transport({.listen = "tcp://127.0.0.1:*", .peers = {}}).value_or_raise();
  Relay relay;
  std::unique_ptr<Transport> us;
  EventLog at_eu{*eu};
  EventLog at_us;
  LinkId link = 0;

  explicit World(std::size_t bytes_per_second)
      : relay(port_of(eu->endpoint()), bytes_per_second),
        us(open_zmq_transport(
               {.listen = {}, .peers = {"tcp://127.0.0.1:" + std::to_string(relay.port())}})
               .value_or_raise()),
        at_us(*us) {
    link = at_us.wait_up();
  }
};

bool is_down(const Event& event) { return event.kind == Event::Kind::kDown; }

}  // namespace

TEST_CASE("a body passes a line on which it takes ten seconds, and notes pass it meanwhile") {
  World world(100'000);
  const std::string body = noise(1'000'000);
  world.us->send(world.link, 4, body, {.lane = Lane::kBatch, .weight = body.size()});
  const auto is_body = [&](const Event& event) { return event.body == body; };
  int notes = 0;
  while (std::ranges::none_of(world.at_eu.events(), is_body)) {
    const std::string note = "note " + std::to_string(++notes);
    const auto is_note = [&](const Event& event) { return event.body == note; };
    world.us->send(world.link, 2, note, {.lane = Lane::kNote});
    REQUIRE(world.at_eu.wait(is_note, 0, seconds{5}).has_value());
  }
  CHECK(notes > 3);
  CHECK(std::ranges::none_of(world.at_us.events(), is_down));
  CHECK(std::ranges::none_of(world.at_eu.events(), is_down));
  CHECK(std::ranges::count(world.at_eu.events(), Event::Kind::kPart, &Event::kind) > 10);
  CHECK(world.us->counters().sends_failed == 0);
}

TEST_CASE("it is told how much has left, in the end all") {
  World world(0);
  std::uint64_t sent = 0;
  for (int i = 0; i < 50; ++i) {
    world.us->send(world.link, 4, noise(100'000), {.lane = Lane::kBatch, .weight = 100'000});
    sent += 100'000;
  }
  const auto is_all = [&](const Event& event) {
    return event.kind == Event::Kind::kLeft && event.weight == sent;
  };
  CHECK(world.at_us.wait(is_all).has_value());
  CHECK(world.at_eu.wait_messages(50));
}

TEST_CASE("what waits for a replaced stream is dropped unsent") {
  World world(100'000);
  const std::string body = noise(50'000);
  for (int i = 0; i < 20; ++i) {
    world.us->send(world.link, 4, body, {.lane = Lane::kBatch, .stream = 1, .weight = 1});
  }
  world.us->drop(world.link, Lane::kBatch, 2);
  world.us->send(world.link, 4, "of the next stream", {.lane = Lane::kBatch, .stream = 2});
  CHECK(world.at_eu.wait_body("of the next stream"));
  CHECK(std::ranges::count(world.at_eu.events(), Event::Kind::kMessage, &Event::kind) <= 10);
  const auto is_all = [](const Event& event) { return event.weight == 20; };
  CHECK(world.at_us.wait(is_all).has_value());
}

TEST_CASE("a peer that asks and takes no answer is given up, and one that is slow is not") {
  World world(0);
  world.us->send(world.link, 1, "hello");
  const LinkId accepted = world.at_eu.wait_up();
  const std::string answer = noise(10'000);
  world.relay.stall();
  const std::size_t slow = OutLink::kNotesMax / answer.size() / 2;
  for (std::size_t i = 0; i < slow; ++i) world.eu->send(accepted, 1, answer, {.lane = Lane::kNote});
  CHECK_FALSE(world.at_eu.wait(is_down, 0, std::chrono::milliseconds{500}).has_value());
  for (std::size_t i = 0; i < 2 * slow; ++i)
    world.eu->send(accepted, 1, answer, {.lane = Lane::kNote});
  CHECK(world.at_eu.wait_down() == accepted);
}

TEST_CASE("many peers that take no answer are given up by the sum that waits for them") {
  World world(0);
  world.us->send(world.link, 1, "hello");
  const LinkId healthy = world.at_eu.wait_up();
  const std::string answer = noise(10'000);
  constexpr std::size_t kEach = OutLink::kNotesMax / 2;
  constexpr std::size_t kPeers = 2 * OutLink::kAllNotesMax / kEach;
  std::vector<std::unique_ptr<test::ForeignDealer>> dealers;
  std::size_t seen = world.at_eu.size();
  for (std::size_t i = 0; i < kPeers; ++i) {
    dealers.push_back(std::make_unique<test::ForeignDealer>(port_of(world.eu->endpoint())));
    dealers.back()->send({encode_whole(1, "hello", BodyForm::kPlain)});
    const LinkId link = world.at_eu.wait_up(seen);
    seen = world.at_eu.size();
    REQUIRE(link != 0);
    for (std::size_t sent = 0; sent < kEach; sent += answer.size()) {
      world.eu->send(link, 1, answer, {.lane = Lane::kNote});
    }
  }
  world.eu->send(healthy, 1, "goes on", {.lane = Lane::kNote});
  REQUIRE(world.at_us.wait_body("goes on"));
  // All sent before has been looked at; later all would be given up, for their silence.
  CHECK(world.at_eu.wait(is_down, 0, std::chrono::milliseconds{100}).has_value());
}

TEST_SUITE_END();

}  // namespace anabranch::transport::thin_link_test
