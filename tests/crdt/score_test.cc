// The place of a row in a sorted set, told from its path alone.

#include "crdt/score.h"

#include <doctest/doctest.h>

#include <string>

namespace anabranch::score_test {

using core::Path;

TEST_SUITE("crdt: score") {
  TEST_CASE("a member of a sorted set is one at a key, and in a field of a map") {
    for (const Path& set : {Path{"\1", "board", "z"}, Path{"\1", "map", "h", "field", "z"},
                            Path{"\1", "map", "h", "field", "h", "deeper", "z"}}) {
      // Members may have the names of tags.
      for (const std::string member : {"ann", "s", "z", "", "\1"}) {
        const auto found = crdt::membership(set.child(member));
        REQUIRE(found);
        CHECK(found->sorted_set == set);
        CHECK(found->member == member);
      }
      CHECK(crdt::is_sorted_set(set));
      CHECK_FALSE(crdt::membership(set));
      CHECK_FALSE(crdt::is_sorted_set(set.child("ann")));
      CHECK_FALSE(crdt::membership(set.child("ann").child("below")));
    }
  }

  TEST_CASE("a row of another type, or of none, is no member") {
    const std::string meshs_own(1, '\0');
    for (const Path& row :
         {Path{"\1", "board", "s"}, Path{"\1", "board", "e", "z"}, Path{"\1", "board", "zz", "ann"},
          Path{"\1", "board", "", "ann"}, Path{"\1", "map", "h", "field", "s"},
          Path{"\1", "z", "x"}, Path{"\1", "z", "s"}, Path{"\1", "board", "h", "z", "s"},
          Path{"\1", "board"}, Path{"\1"}, Path(), Path{meshs_own, "board", "z", "ann"}}) {
      CAPTURE(row.encoded());
      CHECK_FALSE(crdt::membership(row));
      CHECK_FALSE(crdt::is_sorted_set(row));
    }
    CHECK_FALSE(crdt::is_sorted_set(Path{meshs_own, "board", "z"}));
  }
}

}  // namespace anabranch::score_test
