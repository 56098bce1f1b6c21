// The board of sums that may have a correction, and the rows of requests.

#include "rows/requests/published_requests.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "crdt/request_mark.h"
#include "rows/requests/request_rows.h"

namespace anabranch::published_requests_test {

using core::Path;
using rows::PublishedRequests;
using Kind = crdt::RequestMark::Kind;

namespace {

const Path kRow{"\1", "visits", "s"};
const Path kRequest = rows::request_path("payment-17");

crdt::Cell cell_with(Kind kind, std::size_t marks) {
  crdt::Cell cell;
  for (core::Origin origin = 1; origin <= marks; ++origin) {
    cell.add({.dot = {origin, 5},
              .hlc = core::Hlc::of(1'000, 0),
              .value = crdt::encode_mark({kind, kRow, 3}),
              .base = std::nullopt});
  }
  return cell;
}

}  // namespace

TEST_SUITE("rows: requests") {
  TEST_CASE("the rows of a request lie below its path, in the mesh's own space") {
    const Path mark = rows::mark_path(kRequest, 300);
    CHECK(kRequest.components() == core::Components{std::string(1, '\0'), "once", "payment-17"});
    CHECK(kRequest.is_prefix_of(mark));
    CHECK(rows::is_of_request(kRequest));
    CHECK(rows::is_mark(mark));
    CHECK_FALSE(rows::is_mark(kRequest));
    CHECK(rows::request_of(mark) == kRequest);
    CHECK(rows::request_of(kRequest) == kRequest);
    CHECK_FALSE(rows::is_of_request(rows::requests_path()));
    CHECK_FALSE(rows::is_of_request(kRow));
    CHECK_FALSE(rows::is_of_request(Path{std::string_view("\0", 1), "policy", "\1", "x"}));
  }

  TEST_CASE("a request that was executed once is not noted") {
    PublishedRequests board;
    board.note(kRequest, cell_with(Kind::kAdd, 2));
    board.note(kRow, cell_with(Kind::kAdd, 2));
    board.note(rows::mark_path(kRequest, 0), cell_with(Kind::kAdd, 1));
    CHECK_FALSE(board.any());
    CHECK(board.size() == 0);
  }

  TEST_CASE("an addition with two executions is noted for readers of its sum until it is dropped") {
    PublishedRequests board;
    const std::vector<Path> marks{rows::mark_path(kRequest, 0), rows::mark_path(kRequest, 1)};
    for (const Path& mark : marks) board.note(mark, cell_with(Kind::kAdd, 2));
    CHECK(board.any());
    CHECK(board.marks_of(kRow) == marks);
    CHECK(board.marks_of(Path{"\1", "other", "s"}).empty());
    CHECK(board.noted({}, 1) == std::vector<Path>{marks[0]});
    CHECK(board.noted(marks[0], 9) == std::vector<Path>{marks[1]});
    board.drop(marks[0]);
    CHECK(board.marks_of(kRow) == std::vector<Path>{marks[1]});
    board.drop(marks[1]);
    CHECK_FALSE(board.any());
    CHECK(board.size() == 0);
  }

  TEST_CASE("a put with two executions is noted for the sweep, and costs readers of sums nothing") {
    PublishedRequests board;
    const Path mark = rows::mark_path(kRequest, 0);
    board.note(mark, cell_with(Kind::kPut, 2));
    CHECK_FALSE(board.any());
    CHECK(board.noted({}, 9) == std::vector<Path>{mark});
  }

  TEST_CASE("a correction that lies alone is noted") {
    PublishedRequests board;
    board.note(rows::mark_path(kRequest, 0), cell_with(Kind::kCorrection, 1));
    CHECK(board.any());
  }
}

}  // namespace anabranch::published_requests_test
