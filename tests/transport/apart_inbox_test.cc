// The queue of one kind of messages: its order, its bounds, and its descriptor.
#include "transport/apart_inbox.h"

#include <poll.h>

#include <string>

#include <doctest/doctest.h>

namespace anabranch::apart_inbox_test {

using transport::ApartInbox;
using transport::Event;
using transport::LinkId;

constexpr std::uint8_t kKind = 17;

Event message(LinkId link, std::string body) {
  return {Event::Kind::kMessage, link, kKind, std::move(body), {}};
}

bool is_readable(const ApartInbox& inbox) {
  pollfd poll{inbox.fd(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

TEST_SUITE("transport: messages apart") {
  TEST_CASE("an inbox takes one kind, and none for 0") {
    CHECK(ApartInbox(kKind).takes(kKind));
    CHECK_FALSE(ApartInbox(kKind).takes(16));
    CHECK_FALSE(ApartInbox(0).takes(0));
  }

  TEST_CASE("messages come in their order, and the descriptor is readable while some wait") {
    ApartInbox inbox(kKind);
    CHECK_FALSE(is_readable(inbox));
    REQUIRE(inbox.push(message(1, "a")));
    REQUIRE(inbox.push(message(2, "b")));
    REQUIRE(inbox.push(message(1, "c")));
    CHECK(is_readable(inbox));
    const auto first = inbox.take(2);
    REQUIRE(first.size() == 2);
    CHECK(first[0].body == "a");
    CHECK(first[1].body == "b");
    CHECK(is_readable(inbox));
    const auto rest = inbox.take(2);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].body == "c");
    CHECK_FALSE(is_readable(inbox));
    CHECK(inbox.take(2).empty());
  }

  TEST_CASE("who sends more than waits is dropped, and others are taken") {
    ApartInbox inbox(kKind);
    CHECK_FALSE(inbox.push(message(1, std::string(ApartInbox::kBodyBytesMax + 1, 'x'))));
    for (std::size_t i = 0; i < ApartInbox::kOfLinkMax; ++i) REQUIRE(inbox.push(message(1, "a")));
    CHECK_FALSE(inbox.push(message(1, "b")));
    CHECK(inbox.push(message(2, "c")));
    CHECK(inbox.take(1).size() == 1);
    CHECK(inbox.push(message(1, "d")));
  }

  TEST_CASE("the bytes of all are bounded") {
    ApartInbox inbox(kKind);
    std::size_t taken = 0;
    for (LinkId link = 1; link <= 1000; ++link) {
      if (inbox.push(message(link, std::string(ApartInbox::kBodyBytesMax, 'x')))) ++taken;
    }
    CHECK(taken == ApartInbox::kBytesMax / ApartInbox::kBodyBytesMax);
    CHECK(inbox.take(1000).size() == taken);
    CHECK(inbox.push(message(1, "y")));
  }
}

}  // namespace anabranch::apart_inbox_test
