// The requests of a command that make the most work on large values, from the table of commands.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/scope.h>

#include "server/resp/command.h"
#include "tests/server/resp_client.h"

namespace anabranch::test {

// How large the values are that requests meet.
struct Sizes {
  int elements = 100'000;
  std::size_t bytes = std::size_t{16} << 20U;
};

// Writes the values: `set`, `other`, `hash`, `sorted`, `list` and keys beginning with `key:` of so
// many elements, `string` of so many bytes, and names as long as can be.
void fill(Scope& scope, const Sizes& sizes);

// The requests of a command; several of one entry are sent one after the other. Nullopt: no entry
// knows this command.
std::optional<std::vector<Words>> worst_requests(const server::Command& row, const Sizes& sizes);
// Others, of users with all rights.
std::vector<Words> other_requests(const Sizes& sizes);
// Requests of as many words, or with a word of as many bytes, as a request may have: most of them
// are refused, at once. Each has the name of a row in the table of waits; some are queued and
// discarded.
struct LargeRequest {
  std::string name;
  std::function<std::vector<Words>()> make;
  bool is_discarded = false;
};
std::vector<LargeRequest> large_requests(int words, std::size_t bytes);
// A transaction of so many small writes.
std::vector<Words> many_writes(const Sizes& sizes);
// A transaction of few writes of a large value.
std::vector<Words> large_writes();

}  // namespace anabranch::test
