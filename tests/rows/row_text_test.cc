// Rows and paths for people.

#include "rows/row_text.h"

#include <doctest/doctest.h>

#include <string>

namespace anabranch::row_text_test {

using core::Path;

TEST_SUITE("rows: row text") {
  TEST_CASE("a path says its database, or that it is the mesh's own, and quotes the rest") {
    CHECK(rows::path_text(Path{"\1", "key", "s"}) == "database 0 \"key\" \"s\"");
    CHECK(rows::path_text(Path{"\x10", "key"}) == "database 15 \"key\"");
    CHECK(rows::path_text(Path{std::string(1, '\0'), "regions"}) == "the mesh \"regions\"");
    CHECK(rows::path_text(Path{"\x11", "key"}) == "\"\\x11\" \"key\"");
    CHECK(rows::path_text(Path{"\1\1", "key"}) == "\"\\x01\\x01\" \"key\"");
    CHECK(rows::path_text(Path{"", "key"}) == "\"\" \"key\"");
  }
}

}  // namespace anabranch::row_text_test
