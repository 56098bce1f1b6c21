#include "server/resp/socket/tls_caller.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <utility>

namespace anabranch::server {
namespace {

// Returns the reason of OpenSSL's last error, and forgets all of them.
std::string reason() {
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* const text = ::ERR_reason_error_string(code);
  return text != nullptr ? text : "the connection has ended";
}

core::Failure failed(const std::string& what) { return {ErrorCode::kIo, what + ": " + reason()}; }

core::Result<void> use_files(SSL_CTX* context, const TlsCaller::Files& files) {
  const bool rooted = files.root.empty() ? ::SSL_CTX_set_default_verify_paths(context) == 1
                                         : ::SSL_CTX_load_verify_locations(
                                               context, files.root.c_str(), nullptr) == 1;
  if (!rooted) return core::invalid("the roots of TLS " + files.root + ": " + reason());
  if (files.certificate.empty()) return {};
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return core::invalid("the certificate " + files.certificate + ": " + reason());
  }
  const std::string& key = files.key.empty() ? files.certificate : files.key;
  if (::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return core::invalid("the key of the certificate " + key + ": " + reason());
  }
  return {};
}

// Waits until the call that has ended with `result` can go on. Fails when it cannot.
core::Result<void> wait_to_go_on(SSL* connection, int result, const Patience& patience,
                                 const std::string& what) {
  const int reached = ::SSL_get_error(connection, result);
  if (reached != SSL_ERROR_WANT_READ && reached != SSL_ERROR_WANT_WRITE) return failed(what);
  const short events = reached == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
  if (patience.wait(::SSL_get_fd(connection), events)) return {};
  return core::Failure{ErrorCode::kTimeout, what + ": no answer in time"};
}

// Has the certificate checked for a name or an address.
bool expect(SSL* connection, const std::string& host) {
  std::string plain = host;
  if (plain.starts_with('[') && plain.ends_with(']')) plain = plain.substr(1, plain.size() - 2);
  X509_VERIFY_PARAM* const checks = ::SSL_get0_param(connection);
  if (::X509_VERIFY_PARAM_set1_ip_asc(checks, plain.c_str()) == 1) return true;
  ::ERR_clear_error();
  return ::SSL_set1_host(connection, plain.c_str()) == 1 &&
         ::SSL_set_tlsext_host_name(connection, plain.c_str()) == 1;
}

}  // namespace

core::Result<TlsCaller> TlsCaller::connect(int socket, const std::string& host, const Files& files,
                                           const Patience& patience) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(
      ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  if (context == nullptr) return failed("TLS");
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (auto used = use_files(context.get(), files); !used.ok()) return used.failure();
  std::shared_ptr<SSL> connection(::SSL_new(context.get()), ::SSL_free);
  if (connection == nullptr || !expect(connection.get(), host) ||
      ::SSL_set_fd(connection.get(), socket) != 1) {
    return failed("TLS");
  }
  ::SSL_set_mode(connection.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);  // Each record is progress.
  for (;;) {
    const int result = ::SSL_connect(connection.get());
    if (result == 1) return TlsCaller(std::move(connection));
    const long verdict = ::SSL_get_verify_result(connection.get());
    if (verdict != X509_V_OK) {
      ::ERR_clear_error();
      return core::Failure{ErrorCode::kIo, "the certificate of " + host + " is not accepted: " +
                                               ::X509_verify_cert_error_string(verdict)};
    }
    const auto ready = wait_to_go_on(connection.get(), result, patience, "TLS with " + host);
    if (!ready.ok()) return ready.failure();
  }
}

core::Result<void> TlsCaller::send(std::string_view bytes, Patience& patience) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    const int result = ::SSL_write_ex(connection_.get(), bytes.data(), bytes.size(), &sent);
    if (result != 1) {
      const auto ready = wait_to_go_on(connection_.get(), result, patience, "TLS");
      if (!ready.ok()) return ready.failure();
      continue;
    }
    patience.progress(sent);
    bytes.remove_prefix(sent);
  }
  return {};
}

core::Result<std::size_t> TlsCaller::receive(char* into, std::size_t room,
                                             const Patience& patience) {
  for (;;) {
    std::size_t got = 0;
    const int result = ::SSL_read_ex(connection_.get(), into, room, &got);
    if (result == 1) return got;
    if (::SSL_get_error(connection_.get(), result) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    const auto ready = wait_to_go_on(connection_.get(), result, patience, "TLS");
    if (!ready.ok()) return ready.failure();
  }
}

}  // namespace anabranch::server
