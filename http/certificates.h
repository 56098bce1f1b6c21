// The certificates of the HTTP port: the program around it has them, and may renew them.
#pragma once

#include <string>
#include <vector>

struct ssl_ctx_st;

namespace anabranch::http {

// Thread-safe.
class Certificates {
 public:
  virtual ~Certificates() = default;
  // Makes a context of OpenSSL speak TLS with them: each new connection gets those that are there
  // by then. They must outlive the context.
  virtual void dress(ssl_ctx_st* context) = 0;
  // Returns the names and addresses that the certificate of this server is for, "*.example" too.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
};

}  // namespace anabranch::http
