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
// Sends requests and returns all that comes until the connection is closed; empty if it is not,
// within ten seconds.
std::string read_to_end(const std::string& address, const std::string& requests);
// The same as fetch() for GET of a path, as a browser of this machine sends it.
Reply get(const std::string& address, const std::string& path, int events = 1);

}  // namespace anabranch::test
