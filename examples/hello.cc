#include <iostream>
#include <string>

#include <anabranch/anabranch.h>

int main() try {
  anabranch::Store store = anabranch::Store::open({
      .path = "hello.data",
      .region = "eu",
      .peers = {"tcp://127.0.0.1:7400"},
  });
  anabranch::Counter starts{store, "starts"};
  anabranch::Register<std::string> greeting{store, "greeting"};
  starts.add(1);
  greeting.put("hello, world, for the " + std::to_string(starts.get()) + ". time");
  std::cout << greeting.get().value_or("nobody has greeted") << '\n';
} catch (const anabranch::Error& error) {
  std::cerr << "hello: " << error.what() << '\n';
  return 1;
}
