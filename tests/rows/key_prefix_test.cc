// The prefixes of encoded paths by which scans, orders and watches find the keys of a prefix.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/path.h"
#include "rows/key_prefix.h"

namespace anabranch::key_prefix_test {

using core::Path;

TEST_SUITE("rows: prefixes of keys") {
  TEST_CASE("the paths whose next component begins so have the prefix, and no others") {
    const Path space{"\1"};
    const std::vector<std::string> keys{"",
                                        "a",
                                        "ab",
                                        "abc",
                                        "b",
                                        std::string(1, '\0'),
                                        std::string("a\0", 2),
                                        std::string("a\0b", 3),
                                        std::string("a\1", 2),
                                        "a\xFF",
                                        std::string(600, 'a')};
    for (const std::string& beginning : keys) {
      const std::string prefix = rows::prefix_of_paths(space.encoded(), beginning);
      for (const std::string& key : keys) {
        CAPTURE(beginning);
        CAPTURE(key);
        const Path at = space.child(key);
        CHECK(at.encoded().starts_with(prefix) == key.starts_with(beginning));
        CHECK(at.child("s").encoded().starts_with(prefix) == key.starts_with(beginning));
        CHECK_FALSE(Path{"\2"}.child(key).encoded().starts_with(prefix));
      }
    }
  }

  TEST_CASE("the prefix of all components is the path above them") {
    CHECK(rows::prefix_of_paths(Path{"\1"}.encoded(), "") == Path{"\1"}.encoded());
    CHECK(rows::prefix_of_paths({}, "a") == "a");
  }
}

}  // namespace anabranch::key_prefix_test
