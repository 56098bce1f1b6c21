// The smallest user of the installed library anabranch::http: starts the port of a store, and stops
// it.

#include <iostream>
#include <string>

#include <anabranch/anabranch.h>
#include <anabranch/http.h>

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: http_consumer DIR\n";
    return 2;
  }
  const anabranch::Store store = anabranch::Store::open({.path = argv[1], .region = "here"});
  anabranch::Http http = anabranch::Http::start({.directory = argv[1]});
  const std::string address = http.address();
  std::cout << "served " << store.status().region << " at " << address << '\n';
  http.stop();
  return address.starts_with("http://127.0.0.1:") && http.address().empty() ? 0 : 1;
} catch (const anabranch::Error& error) {
  std::cerr << "http_consumer: " << error.what() << '\n';
  return 1;
}
