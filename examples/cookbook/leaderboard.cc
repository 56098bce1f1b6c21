// A leaderboard: a sorted set that adds up the points won in two regions.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

void print_top(const char* where, ab::Scope& scope, std::uint64_t places) {
  const ab::SortedSet<std::string> board{scope, "board"};
  std::cout << where << ':';
  for (const ab::Scored<std::string>& each :
       board.range_by_rank(0, places, ab::RankFrom::kHighest)) {
    std::cout << ' ' << each.member << '=' << each.score;
  }
  std::cout << '\n';
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  ab::SortedSet<std::string> here{regions.eu, "board"};
  ab::SortedSet<std::string> there{regions.us, "board"};
  here.add("ada", 30);
  here.add("bob", 20);
  here.add("cy", 10);
  regions.meet();

  regions.part();
  here.add("bob", 15);
  there.add("bob", 15);
  there.add("dan", 40);
  print_top("eu", regions.eu, 3);
  print_top("us", regions.us, 3);

  regions.meet();
  print_top("both", regions.eu, 3);
  std::cout << "ada is number " << here.rank_from_end("ada").value() + 1 << " of " << here.size()
            << '\n';
}
