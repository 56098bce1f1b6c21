#include "transport/zmq/accepted_links.h"

#include <doctest/doctest.h>

namespace anabranch::transport::accepted_links_test {

TEST_SUITE_BEGIN("transport: accepted links");

namespace {

AcceptedLink link(LinkId id, const std::string& routing_id, int descriptor) {
  AcceptedLink made;
  made.id = id;
  made.routing_id = routing_id;
  made.descriptor = descriptor;
  return made;
}

}  // namespace

TEST_CASE("a link is found by each of its names until it ends, and then ignored") {
  AcceptedLinks links;
  links.add(link(1, "one", 10));
  links.add(link(2, "two", -1));
  REQUIRE(links.find(1) != nullptr);
  CHECK(links.find(1) == links.find("one"));
  CHECK(links.find(1) == links.at_descriptor(10));
  CHECK(links.at_descriptor(-1) == nullptr);
  CHECK_FALSE(links.is_ignored("one"));
  links.end(1);
  CHECK(links.find(1) == nullptr);
  CHECK(links.find("one") == nullptr);
  CHECK(links.at_descriptor(10) == nullptr);
  CHECK(links.is_ignored("one"));
  CHECK(links.find(2) != nullptr);
}

TEST_CASE("the end of an older link leaves the descriptor to the newer one") {
  AcceptedLinks links;
  links.add(link(1, "one", 10));
  links.add(link(2, "two", 10));
  links.end(1);
  REQUIRE(links.at_descriptor(10) != nullptr);
  CHECK(links.at_descriptor(10)->id == 2);
}

TEST_CASE("only so many ended links are remembered and the oldest is forgotten first") {
  AcceptedLinks links;
  for (std::size_t i = 0; i <= AcceptedLinks::kEndedMax; ++i) {
    links.ignore(std::to_string(i));
    links.ignore(std::to_string(i));
  }
  CHECK_FALSE(links.is_ignored("0"));
  CHECK(links.is_ignored("1"));
  CHECK(links.is_ignored(std::to_string(AcceptedLinks::kEndedMax)));
}

TEST_CASE("links are silent from the moment they were last heard") {
  using std::chrono::seconds;
  constexpr seconds kSilence{4};
  const AcceptedLink::Clock::time_point start{};
  AcceptedLinks links;
  links.add(link(1, "one", -1)).hearing.refresh(start + seconds{1});
  links.add(link(2, "two", -1)).hearing.refresh(start + seconds{5});
  CHECK(links.look(kSilence, start + seconds{4}).empty());
  CHECK(links.look(kSilence, start + seconds{5}) == std::vector<LinkId>{1});
  links.refresh(start + seconds{9});
  CHECK(links.look(kSilence, start + seconds{12}).empty());
}

TEST_SUITE_END();

}  // namespace anabranch::transport::accepted_links_test
