// A user moves to another region and finds her own writes there: a session's token goes with her.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;
using namespace std::chrono_literals;

int main() {
  cookbook::TwoRegions regions;
  regions.meet();
  regions.part();

  ab::Session here = regions.eu.session();
  ab::Register<std::string>{here, "profile/ada"}.put("new name");
  const std::string cookie = here.token();  // Set with every answer.

  // Her next request reaches the other region, which has not received that write yet. It fails...
  try {
    (void)regions.us.session(cookie, 100ms);
  } catch (const ab::Error& error) {
    if (error.code() != ab::ErrorCode::kTimeout) throw;
    std::cout << "us: not yet here\n";
  }
  // ...or waits, for as long as a user would.
  regions.eu.resume("us");
  regions.us.resume("eu");
  ab::Session there = regions.us.session(cookie, 30s);
  std::cout << "us: " << *ab::Register<std::string>{there, "profile/ada"}.get() << '\n';

  // A write that must survive the loss of this region waits for the other one.
  ab::Register<std::string>{there, "order/1"}.put("paid");
  const ab::ReplicationProgress progress = there.wait({.regions = {"eu"}}, 30s);
  std::cout << "order/1 is on the disk in " << progress.have.size() << " regions\n";
}
