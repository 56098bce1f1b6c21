// A blocking client of the Redis protocol for tests: sends bytes, takes whole replies as raw bytes.
// A reply that does not come within five minutes fails the test.

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "control/resp/file.h"

namespace anabranch::test {

using Words = std::vector<std::string>;

// "*1\r\n$4\r\nPING\r\n".
std::string request(const Words& words);
// The bytes of a reply that is a bulk string. Throws std::runtime_error for another reply.
std::string bulk(const std::string& reply);

class RespClient {
 public:
  // HOST:PORT, or the path of a Unix socket. Throws std::runtime_error when no process listens.
  explicit RespClient(const std::string& address);

  // Sends all of it. Throws std::runtime_error when the connection is gone.
  void send(std::string_view bytes);
  // Sends as many bytes as the socket takes at once; returns the number.
  std::size_t send_some(std::string_view bytes);
  // The next reply, with all that is in it. Throws std::runtime_error when the connection ends or
  // nothing comes.
  std::string receive();
  // Receives so many bytes of replies, and drops them.
  void skip(std::size_t bytes);
  std::string ask(const Words& words) {
    send(request(words));
    return receive();
  }
  // Waits for the other side to close. False when it sends something first.
  bool closed();
  // All bytes that come until the other side closes. Throws std::runtime_error when it does not.
  std::string rest();
  // Says that nothing more will be sent; replies may still come.
  void finish();

 private:
  // Reads more bytes; false at the end.
  bool fill();
  // Moves `at` behind the line that it is on, reading as needed; returns the line.
  std::string take_line(std::size_t& at);
  void skip_reply(std::size_t& at);

  control::File socket_;
  std::string buffer_;
};

// A figure of INFO by its name. Throws std::runtime_error when INFO has none of that name.
std::size_t figure(RespClient& client, const std::string& name);

}  // namespace anabranch::test
