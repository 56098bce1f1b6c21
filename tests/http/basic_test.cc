// Users and passwords in the header of a request.

#include "http/basic.h"

#include <doctest/doctest.h>

namespace anabranch::basic_test {

using http::credentials_in;

TEST_SUITE("http: basic") {
  TEST_CASE("a user and a password, which may hold colons") {
    const auto found = credentials_in("Basic YW5uOnNlY3JldDp4");  // "ann:secret:x".
    REQUIRE(found);
    CHECK(found->user == "ann");
    CHECK(found->password == "secret:x");
    CHECK(credentials_in("basic YW5uOnNlY3JldDp4")->user == "ann");
    CHECK(credentials_in("Basic   YW5uOg==")->password.empty());
  }

  TEST_CASE("without a name it is the default user") {
    const auto found = credentials_in("Basic OnNlY3JldA==");
    REQUIRE(found);
    CHECK(found->user == "default");
    CHECK(found->password == "secret");
  }

  TEST_CASE("other headers have none") {
    for (const char* text : {"", "Basic", "Basic ", "Basic !!!!", "Basic YW5u", "Bearer YW5uOng=",
                             "Basic YW5uOng=x", "BasicYW5uOng=", "Basic YW5uOng= x"}) {
      CAPTURE(text);
      CHECK(!credentials_in(text));
    }
  }
}

}  // namespace anabranch::basic_test
