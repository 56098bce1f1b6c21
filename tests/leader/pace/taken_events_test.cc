#include "leader/pace/taken_events.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace anabranch::taken_events_test {
namespace {

using leader::TakenEvents;
using std::chrono::milliseconds;
using transport::Event;

Event event_of(transport::LinkId link) {
  Event event;
  event.link = link;
  return event;
}

struct Source {
  std::vector<Event> events;
  int asked = 0;

  std::vector<Event> receive(std::size_t /*bytes_max*/) {
    ++asked;
    return std::exchange(events, {});
  }
};

TEST_SUITE("leader: taken events") {
  TEST_CASE("events that take long are handed over in several turns, in order") {
    Source source;
    for (transport::LinkId link = 1; link <= 5; ++link) source.events.push_back(event_of(link));
    TakenEvents taken;
    milliseconds now{0};
    std::vector<transport::LinkId> handed;
    const auto turn = [&] {
      CHECK(taken.take(source));
      return taken.hand_over(
          [&](const Event& event) {
            handed.push_back(event.link);
            now += milliseconds(3);
          },
          [&] { return now; });
    };
    CHECK(turn());
    CHECK(handed == std::vector<transport::LinkId>{1, 2});
    source.events.push_back(event_of(6));
    CHECK(turn());
    CHECK_FALSE(turn());
    CHECK(handed == std::vector<transport::LinkId>{1, 2, 3, 4, 5});
    CHECK(source.asked == 1);
    CHECK_FALSE(turn());
    CHECK(handed.back() == 6);
    CHECK_FALSE(taken.take(source));
  }

  TEST_CASE("one event is handed over however long it takes") {
    Source source{.events = {event_of(1), event_of(2)}};
    TakenEvents taken;
    REQUIRE(taken.take(source));
    milliseconds now{0};
    int handed = 0;
    const auto slow = [&](const Event&) {
      ++handed;
      now += milliseconds(1000);
    };
    CHECK(taken.hand_over(slow, [&] { return now; }));
    CHECK(handed == 1);
    CHECK_FALSE(taken.hand_over(slow, [&] { return now; }));
    CHECK(handed == 2);
    CHECK_FALSE(taken.hand_over(slow, [&] { return now; }));
    CHECK(handed == 2);
  }
}

}  // namespace
}  // namespace anabranch::taken_events_test
