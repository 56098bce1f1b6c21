// Modules of plugins as rows.

#include "rows/policy/module_rows.h"

#include <string>

#include <doctest/doctest.h>

namespace anabranch::module_rows_test {

using core::Path;

namespace {

const std::string kModule = "the bytes of a module";

crdt::Cell cell(const std::vector<std::string>& values) {
  crdt::Cell cell;
  for (std::size_t i = 0; i < values.size(); ++i) {
    cell.add({.dot = {i + 1, 1},
              .hlc = core::Hlc::of(static_cast<core::Millis>(1000 + i), 0),
              .value = values[i],
              .base = {}});
  }
  return cell;
}

}  // namespace

TEST_SUITE("rows: modules") {
  TEST_CASE("the name of a module is its BLAKE2b-256, and the path has the hash itself") {
    // Of Python: hashlib.blake2b(b"the bytes of a module", digest_size=32).
    const std::string name = "22656be1485b9cb86e6543fc25b3c5f839b02695944956712c0ee6e85be6c38d";
    CHECK(rows::module_name(kModule) == name);
    CHECK(rows::is_module_name(name));
    const Path path = rows::module_path(name);
    CHECK(rows::modules_path().is_prefix_of(path));
    CHECK(path.components().size() == 3);
    CHECK(path.components()[2].size() == 32);
    CHECK(rows::module_at(path) == name);
  }

  TEST_CASE("only 64 small hexadecimal digits are a name") {
    CHECK(rows::is_module_name(std::string(64, 'f')));
    CHECK(!rows::is_module_name(std::string(63, 'f')));
    CHECK(!rows::is_module_name(std::string(65, 'f')));
    CHECK(!rows::is_module_name(std::string(64, 'F')));
    CHECK(!rows::is_module_name(std::string(64, 'g')));
    CHECK(!rows::is_module_name(""));
  }

  TEST_CASE("other paths are those of no module") {
    CHECK(!rows::module_at(rows::modules_path()));
    CHECK(!rows::module_at(rows::modules_path().child("short")));
    CHECK(!rows::module_at(rows::modules_path().child(std::string(32, 'x')).child("more")));
    CHECK(!rows::module_at(Path{"\1", "module", std::string(32, 'x')}));
  }

  TEST_CASE("of the values of a row only the bytes with its name count") {
    const std::string name = rows::module_name(kModule);
    CHECK(rows::read_module(cell({kModule}), name) == kModule);
    CHECK(rows::read_module(cell({kModule, "others", kModule}), name) == kModule);
    CHECK(!rows::read_module(cell({"others"}), name));
    CHECK(!rows::read_module(cell({}), name));
  }
}

}  // namespace anabranch::module_rows_test
