// Executes the tables that docs/semantics.md has for each type, through the public handles: each
// line with the act of either region seen by the other, and with both concurrent. The meaning of
// the type, a pure function of the history, must agree with the document and with the code.

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/crdt/markdown_table.h"
#include "tests/types/mesh.h"

namespace anabranch::tables_test {

using test::Mesh;
using test::Node;
using test::quoted;
using test::Subject;
using test::TableRow;

namespace {

std::string document() {
  std::ifstream file(ANABRANCH_SEMANTICS);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Two regions that execute one line. The clock of `there` is ahead.
class Line {
 public:
  Line(const Subject& subject, const TableRow& row) : row_(row), mesh_(subject) {
    add("here", 7);
    add("there", 9);
    act(kHere, 0);
    mesh_.deliver(kHere, kThere);
  }

  std::string here_then_there() {
    act(kHere, 1);
    mesh_.deliver(kHere, kThere);
    act(kThere, 2);
    return meet();
  }
  std::string there_then_here() {
    act(kThere, 2);
    mesh_.deliver(kThere, kHere);
    act(kHere, 1);
    return meet();
  }
  std::string concurrently() {
    act(kHere, 1);
    act(kThere, 2);
    return meet();
  }

 private:
  static constexpr std::size_t kHere = 0;
  static constexpr std::size_t kThere = 1;

  void add(const std::string& region, core::Origin origin) {
    mesh_.add(std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                             .region = region,
                                                             .fresh_origin = origin,
                                                             .nonce = origin,
                                                             .resolvers = &test::resolvers(),
                                                             .drift_ms_max = core::Millis{1} << 46},
                                     nullptr, 0));
  }

  // Each act is a transaction of its own.
  void act(std::size_t at, std::size_t column) {
    for (const std::string& each : quoted(row_.at(column))) {
      mesh_.act(at, {each}, at == kHere ? 1000 : 2000);
    }
  }

  // The value that both show when each has heard of the other.
  std::string meet() {
    mesh_.meet();
    for (const std::size_t at : {kHere, kThere}) CHECK(mesh_.wrong(at) == "");
    CHECK(mesh_.shown(kHere) == mesh_.shown(kThere));
    return mesh_.shown(kHere);
  }

  const TableRow& row_;
  Mesh mesh_;
};

// The words between backticks; "-" is nothing.
std::string expected(const std::string& cell) {
  const std::vector<std::string> parts = quoted(cell);
  REQUIRE(parts.size() == (cell == "-" ? 0U : 1U));
  return parts.empty() ? "-" : parts[0];
}

}  // namespace

TEST_SUITE("types: docs/semantics.md") {
  TEST_CASE("every type comes to what its table says") {
    constexpr std::size_t kRowsMin = 3;
    for (const Subject& subject : test::subjects()) {
      CAPTURE(subject.title);
      const std::vector<TableRow> rows = test::table_below(document(), subject.title);
      CHECK(rows.size() >= kRowsMin);
      for (const TableRow& row : rows) {
        REQUIRE(row.size() == 6);
        const std::string line = row[0] + " | " + row[1] + " | " + row[2];
        CAPTURE(line);
        CHECK(Line(subject, row).here_then_there() == expected(row[3]));
        CHECK(Line(subject, row).there_then_here() == expected(row[4]));
        CHECK(Line(subject, row).concurrently() == expected(row[5]));
      }
    }
  }
}

}  // namespace anabranch::tables_test
