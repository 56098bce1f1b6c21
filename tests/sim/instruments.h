// The instruments in the instrumented build of the layers: bugs to be planted, and marks of rare
// paths. Only instruments.cc sees core/planted_bug.h and core/mark.h as they do.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace anabranch::test {

struct Plant {
  std::string_view name;
  std::string_view what;
  std::string_view fault;     // It shows only where these strike, "a,b"; empty: it needs none.
  bool of_followers = false;  // Shown by runs that have some.
  bool of_engine = false;     // Shown by runs on the storage engine.
  bool of_promotion = false;  // Shown by runs whose members choose their leaders.
  bool in_parts = false;      // Found by the tests of parts only: no run of the simulator shows it.
};
std::vector<Plant> plants();
// Plants a bug from now on, in this process and those that it forks; an empty name plants none.
// Returns false when there is no such bug.
bool plant(std::string_view name);

struct Passed {
  std::string_view mark;
  std::uint64_t times = 0;
};
// All marks, always in the same order.
std::vector<Passed> marks();
// Adds the counts of another process, in that order.
void add_marks(std::span<const std::uint64_t> times);

}  // namespace anabranch::test
