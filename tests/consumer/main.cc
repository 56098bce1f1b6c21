// The smallest user of the installed package: opens a store in a folder, writes a register, and
// reads it back, also after the store has been opened again.

#include <iostream>
#include <optional>
#include <string>

#include <anabranch/anabranch.h>

namespace {

std::optional<std::string> written_before(const std::string& folder) {
  anabranch::Store store = anabranch::Store::open({.path = folder, .region = "here"});
  anabranch::Register<std::string> greeting{store, "greeting"};
  std::optional<std::string> before = greeting.get();
  greeting.put("hello");
  return greeting.get() == "hello" ? before : "not what was put";
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: consumer DIR\n";
    return 2;
  }
  const bool was_empty = !written_before(argv[1]).has_value();
  const bool is_kept = written_before(argv[1]) == "hello";
  std::cout << "empty at first: " << was_empty << ", kept: " << is_kept << '\n';
  return was_empty && is_kept ? 0 : 1;
} catch (const anabranch::Error& error) {
  std::cerr << "consumer: " << error.what() << '\n';
  return 1;
}
