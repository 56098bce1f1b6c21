#include "transport/inbox.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <string>

namespace anabranch::transport::inbox_test {

TEST_SUITE_BEGIN("transport: inbox");

namespace {

bool is_readable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

std::vector<Event> messages(LinkId first, std::size_t count, std::size_t size) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back({Event::Kind::kMessage, first + i, 0, std::string(size, 'x'), {}});
  }
  return events;
}

}  // namespace

TEST_CASE("the descriptor is readable while events wait, and not behind them") {
  Inbox inbox;
  bool drained = false;
  CHECK_FALSE(is_readable(inbox.fd()));
  auto events = messages(1, 3, 100);
  inbox.push(events);
  CHECK(events.empty());
  CHECK(is_readable(inbox.fd()));
  CHECK(inbox.take(1, drained).size() == 1);
  CHECK(is_readable(inbox.fd()));
  const auto rest = inbox.take(1'000'000, drained);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].link == 2);
  CHECK(rest[1].link == 3);
  CHECK_FALSE(is_readable(inbox.fd()));
  CHECK(inbox.take(1, drained).empty());
}

TEST_CASE("a poke wakes the reader, which may find nothing") {
  Inbox inbox;
  bool drained = false;
  inbox.poke();
  CHECK(is_readable(inbox.fd()));
  CHECK(inbox.take(1, drained).empty());
  CHECK_FALSE(is_readable(inbox.fd()));
}

TEST_CASE("an inbox over its bound is full until half of it has been taken") {
  constexpr std::size_t kMessage = std::size_t{1} << 20U;
  Inbox inbox;
  bool drained = false;
  auto events = messages(1, 65, kMessage);
  inbox.push(events);
  CHECK(inbox.full());
  CHECK_FALSE(inbox.take(20 * kMessage, drained).empty());
  CHECK(inbox.full());
  CHECK_FALSE(drained);
  CHECK_FALSE(inbox.take(20 * kMessage, drained).empty());
  CHECK_FALSE(inbox.full());
  CHECK(drained);
  CHECK_FALSE(inbox.take(1, drained).empty());
  CHECK_FALSE(drained);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::inbox_test
