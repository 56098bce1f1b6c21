// A relay between the regions of one machine: README.md.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iostream>
#include <list>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "examples/relay/link.h"

namespace {

using relay::Clock;
using relay::Link;
using relay::State;

std::optional<State> state_of(const std::string& command) {
  if (command == "cut") return State::kCut;
  if (command == "slow") return State::kSlow;
  if (command == "heal") return State::kOpen;
  return std::nullopt;
}

// Carries out a command, and returns the answer: the links, or one word.
std::string answer(std::list<Link>& links, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  std::string one;
  std::string other;
  words >> command >> one >> other;
  if (const auto state = state_of(command)) {
    const auto link =
        std::ranges::find_if(links, [&](const Link& each) { return each.is_between(one, other); });
    if (link == links.end()) return "unknown-link\n";
    link->set(*state);
  } else if (command != "state") {
    return "unknown-command\n";
  }
  std::string all;
  for (const Link& each : links) all += each.describe() + '\n';
  return all;
}

// Answers one command. It is sent at once by programs of this machine.
void serve(int listener, std::list<Link>& links) {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const timeval patience{0, 200'000};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  std::array<char, 512> line{};
  const ssize_t size = ::recv(client, line.data(), line.size(), 0);
  if (size > 0) {
    const std::string told =
        answer(links, std::string(line.data(), static_cast<std::size_t>(size)));
    (void)::send(client, told.data(), told.size(), MSG_NOSIGNAL);
  }
  ::close(client);
}

[[noreturn]] void run(int listener, std::list<Link>& links) {
  std::vector<pollfd> sockets;
  for (;;) {
    sockets.assign(1, {listener, POLLIN, 0});
    std::optional<Clock::time_point> due;
    for (const Link& each : links) {
      const auto next = each.watch(sockets);
      if (next) due = std::min(due.value_or(*next), *next);
    }
    int wait_ms = -1;
    if (due) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now());
      wait_ms = std::max(0, static_cast<int>(left.count()));
    }
    ::poll(sockets.data(), sockets.size(), wait_ms);
    if (sockets[0].revents != 0) serve(listener, links);
    for (Link& each : links) each.move();
  }
}

std::uint16_t port_of(const std::string& text) {
  const unsigned long port = std::stoul(text);
  if (port > UINT16_MAX) throw std::invalid_argument("no port: " + text);
  return static_cast<std::uint16_t>(port);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 6 || words.size() % 4 != 2 || words[0] != "--commands") {
    std::cerr << "usage: relay --commands PORT {REGION REGION PORT TARGET}...\n";
    return 2;
  }
  std::uint16_t commands = port_of(words[1]);
  const int listener = relay::listen_on(commands);
  std::list<Link> links;
  for (std::size_t i = 2; i < words.size(); i += 4) {
    links.emplace_back(words[i], words[i + 1], port_of(words[i + 2]), port_of(words[i + 3]));
  }
  std::cout << "relay: ready: commands on " << commands << std::endl;
  run(listener, links);
} catch (const std::exception& error) {
  std::cerr << "relay: " << error.what() << '\n';
  return 1;
}
