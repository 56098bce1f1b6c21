// A payment that is sent again after a timeout, to another region: it counts once.
#include <chrono>
#include <iostream>
#include <thread>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

// Books a payment. The id comes from the client, which sends the same one again when it has no
// answer. All keys and amounts follow from the request, so any region may execute it.
bool pay(ab::Scope& scope, const std::string& id, const std::string& order, std::int64_t cents) {
  return scope.once(id, [&](ab::Scope& txn) {
    ab::Counter{txn, "account/shop"}.add(cents);
    ab::Counter{txn, "account/ada"}.add(-cents);
    ab::Register<std::string>{txn, "order/" + order}.put("paid");
  });
}

void print(const char* where, ab::Scope& scope) {
  std::cout << where << ": shop " << ab::Counter{scope, "account/shop"}.get() << ", ada "
            << ab::Counter{scope, "account/ada"}.get() << ", order "
            << ab::Register<std::string>{scope, "order/7"}.get().value_or("open") << '\n';
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  regions.part();
  // The answer of eu is lost on its way. The client tries us, which cannot ask eu.
  std::cout << "eu " << (pay(regions.eu, "payment-17", "7", 1500) ? "executes" : "knows")
            << " it\n";
  std::cout << "us " << (pay(regions.us, "payment-17", "7", 1500) ? "executes" : "knows")
            << " it\n";
  ab::Register<std::string>{regions.eu, "order/7"}.put("shipped");
  print("eu", regions.eu);
  print("us", regions.us);
  regions.meet();
  std::cout << "us " << (pay(regions.us, "payment-17", "7", 1500) ? "executes" : "knows")
            << " it\n";
  // A leader that has seen both executions removes the "paid" of the second one within a second or
  // two; sums are right at once.
  const ab::Register<std::string> order{regions.us, "order/7"};
  for (int i = 0; i < 3000 && order.get() != "shipped"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  print("both", regions.us);
}
