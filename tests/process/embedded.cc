// A program that embeds a store: `embedded DIR REGION [PEER]`. It puts its region's name into
// "written", prints the address at which peers may dial it, and ends when its input ends. With
// ANABRANCH_TEST_NO_CONTROL in its environment it has no control socket. With a token in
// ANABRANCH_TEST_WATCH it first prints what a watch is told that goes on from there: the values at
// "last", "lost" for a loss, and "written" for the write of now.

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include <anabranch/anabranch.h>

namespace {

using anabranch::Changes;

std::optional<anabranch::Watch> watch(anabranch::Store& store) {
  const char* const token = std::getenv("ANABRANCH_TEST_WATCH");
  if (token == nullptr) return std::nullopt;
  return store.watch("", token, [](const Changes& changes) {
    std::string told = changes.resync ? "told lost\n" : "";
    for (const anabranch::Change& change : changes.all) {
      if (change.key == "last") told += "told " + change.value + '\n';
      if (change.key == "written") told += "told written\n";
    }
    std::cout << told << std::flush;
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) return 2;
  anabranch::Options options;
  options.path = argv[1];
  options.region = argv[2];
  options.listen = "tcp://127.0.0.1:0";
  options.control = std::getenv("ANABRANCH_TEST_NO_CONTROL") == nullptr;
  if (argc > 3) options.peers = {argv[3]};
  anabranch::Store store = anabranch::Store::open(options);
  const std::optional<anabranch::Watch> watching = watch(store);
  anabranch::Register<std::string>{store, "written"}.put(options.region);
  // In one piece: the watch prints on another thread.
  std::cout << store.status().endpoint + '\n' << std::flush;
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
} catch (const anabranch::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
