// The example of watch.h, compiled: the lines below between "begin" and "end" are those of the
// header, line by line.

#include <doctest/doctest.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::watch_example_test {

namespace {

using Lines = std::vector<std::string>;

// clang-format off
void run_example(Store& store) {
  // begin
  Watch watch = store.watch("doc/", [](const Changes& changes) {
    if (changes.resync) std::cout << "look at everything anew\n";
    for (const Change& each : changes.all) {
      std::cout << each.key << " was written in " << changes.region << '\n';
    }
  });
  // end
  Register<>{store, "doc/1"}.put("x");
}
// clang-format on

// The lines that begin so, without that, after the line `from` and before the line `to`.
Lines lines_of(const std::string& path, const std::string& beginning, const std::string& from,
               const std::string& to) {
  std::ifstream file(std::string(ANABRANCH_ROOT) + "/" + path);
  Lines lines;
  bool inside = from.empty();
  for (std::string line; std::getline(file, line);) {
    if (line == to) break;
    if (inside && line.starts_with(beginning)) lines.push_back(line.substr(beginning.size()));
    inside = inside || line == from;
  }
  return lines;
}

}  // namespace

TEST_SUITE("leader: the example of watch.h") {
  TEST_CASE("it compiles and runs as it is printed") {
    const Lines printed = lines_of("include/anabranch/watch.h", "//   ", "", "#pragma once");
    const Lines compiled =
        lines_of("tests/leader/watch/watch_example_test.cc", "  ", "  // begin", "  // end");
    REQUIRE(printed.size() > 3);
    CHECK(printed == compiled);
    const test::TempDir folder;
    Store store = Store::open(test::store_options(folder, "eu"));
    run_example(store);
    CHECK(store.status().watches.watches == 0);
  }
}

}  // namespace anabranch::watch_example_test
