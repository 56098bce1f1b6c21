// A blocking client of HTTP/1.1, for tests: one request a connection.
#pragma once

#include <string>
#include <string_view>

namespace anabranch::test {

struct Reply {
  int status = 0;  // 0: the connection was closed without an answer.
  std::string head;
  std::string body;
};

// Sends a request to "http://127.0.0.1:PORT" or "unix:PATH" and returns the whole answer; of a
// stream, its first events. Throws std::runtime_error if nobody listens.
Reply fetch(const std::string& address, const std::string& request, int events = 1);
// The same for GET of a path, as a browser of this machine sends it.
Reply get(const std::string& address, const std::string& path, int events = 1);

}  // namespace anabranch::test
