// A program that embeds a store: `embedded DIR REGION [PEER]`. It puts its region's name into
// "written", prints the address at which peers may dial it, and ends when its input ends. With
// ANABRANCH_TEST_NO_CONTROL in its environment it has no control socket.

#include <cstdlib>
#include <iostream>
#include <string>

#include <anabranch/anabranch.h>

int main(int argc, char** argv) try {
  if (argc < 3) return 2;
  anabranch::Options options;
  options.path = argv[1];
  options.region = argv[2];
  options.listen = "tcp://127.0.0.1:0";
  options.control = std::getenv("ANABRANCH_TEST_NO_CONTROL") == nullptr;
  if (argc > 3) options.peers = {argv[3]};
  anabranch::Store store = anabranch::Store::open(options);
  anabranch::Register<std::string>{store, "written"}.put(options.region);
  std::cout << store.status().endpoint << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
} catch (const anabranch::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
