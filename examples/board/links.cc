#include "examples/board/links.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "examples/board/limits.h"

namespace board {
namespace {

class Socket {
 public:
  Socket() : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { ::close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void no_answer() {
  throw Refused(503, "The relay between the regions does not answer.");
}

// Sends a line to a port of this machine, and returns all that comes back, within two seconds.
std::string answer_to(std::uint16_t port, const std::string& line) {
  const Socket socket;
  const timeval patience{2, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.number(), to, sizeof(address)) != 0) no_answer();
  if (::send(socket.number(), line.data(), line.size(), MSG_NOSIGNAL) < 0) no_answer();
  std::string all;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t size = ::recv(socket.number(), part.data(), part.size(), 0);
    if (size < 0) no_answer();
    if (size == 0) return all;
    all.append(part.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

std::vector<Link> Links::ask(const std::string& command) const {
  if (!has_relay()) throw Refused(404, "No relay carries the links of this board.");
  std::istringstream answer(answer_to(port_, command + '\n'));
  std::vector<Link> links;
  for (std::string line; std::getline(answer, line);) {
    std::istringstream words(line);
    Link link;
    words >> link.one >> link.other >> link.state >> link.bytes_there >> link.bytes_back;
    if (!words) throw Refused(400, "The relay says: " + line);
    links.push_back(link);
  }
  return links;
}

std::vector<Link> Links::all() const { return ask("state"); }

std::vector<Link> Links::change(const std::string& one, const std::string& other,
                                const std::string& to) const {
  for (const std::string& name : {one, other}) expect_name(name, 1, "The name of a region");
  if (to != "cut" && to != "slow" && to != "heal") {
    throw Refused(400, "A link can be cut, slow or heal.");
  }
  return ask(to + ' ' + one + ' ' + other);
}

}  // namespace board
