// A blocking client of a control socket, for tests.

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "control/resp/file.h"

namespace anabranch::test {

class ControlClient {
 public:
  // Connects to DIR/control; throws std::runtime_error if nobody listens there.
  explicit ControlClient(const std::string& directory);

  // Sends a request and returns its answer: the text of a status, error, number or string, an error
  // with its '-'. Throws std::runtime_error when the connection is closed.
  std::string call(std::initializer_list<std::string_view> words);
  void send(std::string_view bytes);
  std::string receive();
  // Whether the other side has closed the connection; waits for it.
  bool is_closed();

  static std::string request(std::initializer_list<std::string_view> words);

 private:
  bool receive_some();

  control::File socket_;
  std::string buffer_;
};

}  // namespace anabranch::test
