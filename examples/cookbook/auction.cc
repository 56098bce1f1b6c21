// An auction: of concurrent bids the highest counts, whichever region took it and when it arrives.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

// A bid is a text like "120 by ada".
long long amount_of(const std::string& bid) { return std::strtoll(bid.c_str(), nullptr, 10); }

// Of equal amounts the earlier bid, the first one here, counts.
std::optional<std::string> highest(const ab::Conflict& conflict) {
  return std::ranges::max_element(conflict.siblings, {},
                                  [](const ab::Sibling& each) { return amount_of(each.value); })
      ->value;
}

// Bids unless there is a higher bid already, as far as the region knows.
void bid(ab::Store& store, const std::string& who, long long amount) {
  store.transact([&](ab::Transaction& txn) {
    ab::Register<> best{txn, "bid/lamp"};
    if (amount_of(best.get().value_or("0")) < amount)
      best.put(std::to_string(amount) + " by " + who);
  });
}

}  // namespace

int main() {
  cookbook::TwoRegions regions({ab::Resolver("highest-bid", highest)});
  regions.eu.set_policy("bid/", ab::Policy::native("highest-bid"));
  bid(regions.eu, "ada", 100);
  regions.meet();

  regions.part();
  bid(regions.eu, "ada", 150);
  bid(regions.us, "bob", 120);
  std::cout << "eu: " << ab::Register<>{regions.eu, "bid/lamp"}.get().value() << '\n';
  std::cout << "us: " << ab::Register<>{regions.us, "bid/lamp"}.get().value() << '\n';

  regions.meet();
  std::cout << "both: " << ab::Register<>{regions.us, "bid/lamp"}.get().value() << '\n';
}
