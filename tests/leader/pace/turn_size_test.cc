// Whether a turn of the leader will take long.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "leader/pace/turn_size.h"
#include "transport/transport.h"

namespace anabranch::turn_size_test {

using leader::Pacer;
using leader::TurnSize;
using namespace std::chrono_literals;

namespace {

std::vector<transport::Event> events(std::size_t bytes) {
  std::vector<transport::Event> all(1);
  all.front().body = std::string(bytes, 'b');
  return all;
}

}  // namespace

TEST_SUITE("leader: turn size") {
  TEST_CASE("a turn is long by its largest message, and behind a large record") {
    TurnSize size;
    const Pacer::Time begin = std::chrono::hours(1);
    CHECK_FALSE(size.look({}, 0, begin).large);
    CHECK_FALSE(size.look(events(1'000), 0, begin).large);
    CHECK(size.look(events(300'000), 0, begin).large);
    CHECK(size.look({}, 300'000, begin).large);
    CHECK_FALSE(size.look({}, 0, begin).large);
    size.expect_long(begin);
    CHECK(size.look({}, 0, begin + 1s).large);
    CHECK_FALSE(size.look({}, 0, begin + 2s).large);
  }

  TEST_CASE("turns are long behind the one that took a large record in, however long that was") {
    TurnSize size;
    const Pacer::Time begin = std::chrono::hours(1);
    CHECK(size.look(events(3'000'000), 0, begin).large);
    CHECK(size.look({}, 0, begin + 10s).large);
    CHECK(size.look({}, 0, begin + 11s).large);
    CHECK_FALSE(size.look({}, 0, begin + 12s).large);
  }

  TEST_CASE("turns are long when a link has come up, since its peer may lack a large record") {
    TurnSize size;
    const Pacer::Time begin = std::chrono::hours(1);
    std::vector<transport::Event> up(1);
    up.front().kind = transport::Event::Kind::kUp;
    CHECK(size.look(up, 0, begin).large);
    CHECK(size.look({}, 0, begin + 1s).large);
    CHECK_FALSE(size.look({}, 0, begin + 3s).large);
  }

  TEST_CASE("turns are long behind one that took long") {
    TurnSize size;
    const Pacer::Time begin = std::chrono::hours(1);
    size.took(begin, begin + 29ms);
    CHECK_FALSE(size.look({}, 0, begin + 29ms).large);
    size.took(begin + 1s, begin + 1s + 30ms);
    CHECK(size.look({}, 0, begin + 3s).large);
    CHECK_FALSE(size.look({}, 0, begin + 3s + 30ms).large);
  }
}

}  // namespace anabranch::turn_size_test
