#include "server/resp/socket/tls_shared.h"

#include <openssl/ssl.h>

#include <utility>

namespace anabranch::server {

void SharedTls::use(TlsContext tls) {
  const std::lock_guard lock(mutex_);
  tls_ = std::move(tls);
}

TlsContext SharedTls::now() const {
  const std::lock_guard lock(mutex_);
  return tls_;
}

int SharedTls::give(ssl_st* connection, void* self) {
  return static_cast<const SharedTls*>(self)->now().give_to(connection) ? 1 : 0;
}

void SharedTls::dress(ssl_ctx_st* context) {
  TlsContext::set_up(context);
  ::SSL_CTX_set_cert_cb(context, give, this);
}

std::vector<std::string> SharedTls::names() const { return now().names(); }

}  // namespace anabranch::server
