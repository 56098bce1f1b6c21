// A blocking client of the Redis protocol over TLS for tests. Replies of one line, and bulk
// strings.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "control/resp/file.h"
#include "tests/server/certificates.h"
#include "tests/server/resp_client.h"

struct ssl_st;
struct ssl_ctx_st;

namespace anabranch::test {

// The first message of a client that speaks this version, such as TLS1_2_VERSION, or any for 0.
// Throws std::runtime_error.
std::string client_hello(int version);

class TlsClient {
 public:
  struct Options {
    std::string root;      // Of the server's certificate.
    Certificate own = {};  // Shown to the server; empty: none.
    int version = 0;       // The only one spoken, such as TLS1_2_VERSION; 0: any.
  };

  // Connects to HOST:PORT and makes the handshake. Throws std::runtime_error with OpenSSL's reason.
  TlsClient(const std::string& address, const Options& options);
  ~TlsClient();
  TlsClient(TlsClient&&) = default;

  void send(std::string_view bytes);
  // The next reply. Throws std::runtime_error when the connection ends.
  std::string receive();
  // Receives so many bytes of replies, and drops them.
  void skip(std::size_t bytes);
  std::string ask(const Words& words) {
    send(request(words));
    return receive();
  }
  // "TLSv1.3".
  [[nodiscard]] std::string version() const;
  // The name in the server's certificate.
  [[nodiscard]] std::string server_name() const;

 private:
  std::string take_line();
  void fill();

  control::File socket_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::shared_ptr<ssl_st> connection_;
  std::string buffer_;
};

}  // namespace anabranch::test
