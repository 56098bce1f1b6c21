#include "server/file_limit.h"

#include <doctest/doctest.h>

namespace anabranch::file_limit_test {

using server::DescriptorNeeds;
using server::share_descriptors;

namespace {

constexpr DescriptorNeeds kAll{
    .dialled = 2, .peer_port = true, .http_port = true, .clients = 10'000};

}  // namespace

TEST_SUITE("server: descriptors") {
  TEST_CASE("all that listens has its share, and clients have the rest") {
    for (const std::size_t limit : {300U, 1024U, 4096U, 20'000U}) {
      CAPTURE(limit);
      const auto shares = share_descriptors(kAll, limit).value();
      CHECK(shares.files == 72 + 2 * 6);
      CHECK(shares.peers >= 16);
      CHECK(shares.peers <= 256);
      CHECK(shares.http == shares.peers + 8);
      CHECK(shares.files + shares.peers + shares.http + shares.clients <= limit);
      CHECK(shares.clients >= 16);
    }
    CHECK(share_descriptors(kAll, 20'000).value().clients == 10'000);
  }

  TEST_CASE("what does not listen has none") {
    const auto shares = share_descriptors({.clients = 10}, 100).value();
    CHECK(shares.peers == 0);
    CHECK(shares.http == 0);
    CHECK(shares.clients == 10);
  }

  TEST_CASE("below the sum the numbers are said") {
    const auto shares = share_descriptors(kAll, 80);
    REQUIRE_FALSE(shares.ok());
    CHECK(shares.failure().code == ErrorCode::kInvalid);
    CHECK(shares.failure().message ==
          "the process may have 80 descriptors, and needs 140: 84 for files and dialled peers, 16 "
          "for the port of the peers, 24 for HTTP, 16 for clients; raise the limit (ulimit -n, "
          "LimitNOFILE)");
    CHECK(share_descriptors(kAll, 140).ok());
    CHECK_FALSE(share_descriptors(kAll, 139).ok());
  }
}

}  // namespace anabranch::file_limit_test
