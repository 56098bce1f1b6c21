// The table of types: its tags are in stored paths, so they never change; the order decides the
// type of a key that regions gave different types at once.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "crdt/elements.h"
#include "crdt/type_table.h"

namespace anabranch::type_table_test {

using core::Path;
using crdt::Row;

namespace {

Row row_of(const std::vector<std::string>& values) {
  Row row;
  core::Seq seq = 0;
  for (const std::string& value : values) row.cell.add({{1, ++seq}, {}, value, std::nullopt});
  return row;
}

std::string tag_at(const Path& path) {
  const crdt::TypeEntry* type = crdt::type_at(path.components());
  return type == nullptr ? "-" : type->tag();
}

}  // namespace

TEST_SUITE("crdt: types") {
  TEST_CASE("tags and their order are those of the format") {
    std::string tags;
    for (const crdt::TypeEntry& type : crdt::kTypes) tags += type.tag();
    CHECK(tags == "sfFeEhzlti");
    for (const crdt::TypeEntry& type : crdt::kTypes) CHECK(crdt::find_type(type.tag()) == &type);
    CHECK(crdt::find_type("x") == nullptr);
    CHECK(crdt::find_type("ss") == nullptr);
    CHECK(crdt::find_type("") == nullptr);
  }

  TEST_CASE("a path has the type of its innermost place, or none") {
    CHECK(tag_at({"\1", "k", "s"}) == "s");
    CHECK(tag_at({"\1", "k", "F"}) == "F");
    CHECK(tag_at({"\1", "k", "E", "x"}) == "E");
    CHECK(tag_at({"\1", "k", "h", "f", "h", "g", "e", "x"}) == "e");
    CHECK(tag_at({"\1", "k", "i", "p"}) == "i");
    CHECK(tag_at({"\1", "k", "i", "p", "s"}) == "s");
    CHECK(tag_at({"\1", "k", "h", "f", "i", "p", "i", "q", "h", "g", "e", "x"}) == "e");
    for (const Path& path :
         {Path{"\1"}, Path{"\1", "k"}, Path{"\1", "k", "s", "x"}, Path{"\1", "k", "E"},
          Path{"\1", "k", "E", "x", "y"}, Path{"\1", "k", "h", "f"}, Path{"\1", "k", "y", "x"},
          Path{"\1", "k", "i"}, Path{"\1", "k", "i", "m", "\xFFposition"},
          Path{std::string(1, '\0'), "k", "s"}}) {
      CHECK(tag_at(path) == "-");
    }
  }

  TEST_CASE("only an element of a remove-wins set is hidden by a false sibling") {
    const Path element{"\1", "k", "E", "x"};
    CHECK(crdt::shows(element, row_of({"1"})));
    CHECK(crdt::shows(element, row_of({"1", "1"})));
    CHECK_FALSE(crdt::shows(element, row_of({"0"})));
    CHECK_FALSE(crdt::shows(element, row_of({"1", "0"})));
    CHECK_FALSE(crdt::shows(element, row_of({})));
    for (const Path& path : {Path{"\1", "k", "s"}, Path{"\1", "k", "f"}, Path{"\1", "k", "F"},
                             Path{"\1", "k", "e", "x"}, Path{"\1", "k", "E"}}) {
      CHECK(crdt::shows(path, row_of({"0"})));
    }
  }

  TEST_CASE("the elements on the way to a row are those of lists of containers alone") {
    const auto on = [](const Path& path) {
      std::vector<Path> elements;
      for (const std::size_t size : crdt::elements_on(path.encoded())) {
        elements.push_back(Path::trusted(path.encoded().substr(0, size)));
      }
      return elements;
    };
    const Path outer{"\1", "k", "h", "f", "i", "p"};
    const Path inner{"\1", "k", "h", "f", "i", "p", "h", "i", "i", "q"};
    CHECK(on(outer) == std::vector{outer});
    CHECK(on(outer.child("s")) == std::vector{outer});
    CHECK(on(inner.child("e").child("i")) == std::vector{outer, inner});
    for (const Path& path :
         {Path{"\1", "i", "s"}, Path{"\1", "k", "i"}, Path{"\1", "k", "e", "i"},
          Path{"\1", "k", "h", "i", "s"}, Path{"\1", "k", "i", "m", "\xFFp"},
          Path{"\1", "k", "l", "i", "p"}, Path{std::string(1, '\0'), "k", "i", "p"}}) {
      CHECK(on(path).empty());
    }
  }

  TEST_CASE("flags are decided by their type, all else by its policy") {
    const auto both = row_of({"1", "0"}).cell;
    CHECK(crdt::ruled(Path{"\1", "k", "f"}, both) == "1");
    CHECK(crdt::ruled(Path{"\1", "k", "F"}, both) == "0");
    CHECK(crdt::ruled(Path{"\1", "k", "f"}, row_of({"0", "0"}).cell) == "0");
    CHECK(crdt::ruled(Path{"\1", "k", "F"}, row_of({"1", "1"}).cell) == "1");
    CHECK_FALSE(crdt::ruled(Path{"\1", "k", "s"}, both));
    CHECK_FALSE(crdt::ruled(Path{"\1", "k", "e", "x"}, both));
  }

  TEST_CASE("of a text's runs and of what is below an element the last one counts") {
    crdt::Cell cell;
    cell.add({{1, 1}, {7 << 16U}, "late", std::nullopt});
    cell.add({{2, 1}, {5 << 16U}, "early", std::nullopt});
    for (const Path& path :
         {Path{"\1", "k", "t", "x"}, Path{"\1", "k", "l", "m", "x"},
          Path{"\1", "k", "h", "f", "l", "m", "x"}, Path{"\1", "k", "i", "p"},
          Path{"\1", "k", "i", "m", "\xFFp"}, Path{"\1", "k", "i", "p", "i", "m", "\xFFp"}}) {
      CHECK(crdt::ruled(path, cell) == "late");
    }
    for (const Path& path : {Path{"\1", "k", "l", "x"}, Path{"\1", "k", "q", "m", "x"},
                             Path{std::string(1, '\0'), "k", "l", "m", "x"}}) {
      CHECK_FALSE(crdt::ruled(path, cell));
    }
  }
}

}  // namespace anabranch::type_table_test
