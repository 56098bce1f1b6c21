// The people present: a key for each person that expires unless it is renewed.
#include <iostream>
#include <thread>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;
using namespace std::chrono_literals;

namespace {

// Called while a person is present, a few times within `lease`.
void is_there(ab::Scope& scope, const std::string& person, std::chrono::milliseconds lease) {
  scope.atomically([&](ab::Scope& txn) {
    ab::Register<std::string>{txn, "online/" + person}.put("yes");
    ab::Expiry{txn, "online/" + person}.expire_after(lease);
  });
}

void print(const char* when, ab::Scope& scope) {
  std::cout << when << ':';
  scope.names(ab::Key::all(0), ab::Span::starting("online/"), [](const std::string& key) {
    std::cout << ' ' << key.substr(key.find('/') + 1);
    return true;
  });
  std::cout << '\n';
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  is_there(regions.eu, "ada", 1h);
  is_there(regions.eu, "bob", 300ms);
  regions.meet();
  print("at first", regions.us);
  while (ab::Register<std::string>{regions.us, "online/bob"}.get())
    std::this_thread::sleep_for(5ms);
  print("later", regions.us);
}
