// The certificates of this server for a port that is served elsewhere, with a context of its own:
// the HTTP port.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "http/certificates.h"
#include "server/resp/socket/tls_context.h"

namespace anabranch::server {

// Thread-safe.
class SharedTls final : public http::Certificates {
 public:
  explicit SharedTls(TlsContext tls) : tls_(std::move(tls)) {}

  // New connections get these.
  void use(TlsContext tls);
  void dress(ssl_ctx_st* context) override;
  [[nodiscard]] std::vector<std::string> names() const override;

 private:
  static int give(ssl_st* connection, void* self);
  [[nodiscard]] TlsContext now() const;

  mutable core::Mutex mutex_;
  TlsContext tls_;
};

}  // namespace anabranch::server
