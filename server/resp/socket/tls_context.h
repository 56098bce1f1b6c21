// The certificates of this server, and how it speaks TLS: 1.2 and 1.3, with ephemeral keys and
// authenticated ciphers only. Only the files of this room include OpenSSL's <openssl/ssl.h>.
//
// A context is read from files as a whole: it is used for connections that come from then on, and
// those that are there keep theirs. So certificates are renewed without a restart.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace anabranch::server {

struct TlsFiles {
  enum class Clients : unsigned char { kUnasked, kMay, kMust };

  std::string certificate = {};         // PEM: of this server, then those between it and a root.
  std::string key = {};                 // PEM, not for others (core/system).
  std::string clients_ca = {};          // PEM: the roots of clients' certificates.
  Clients clients = Clients::kUnasked;  // Whether clients show a certificate.

  [[nodiscard]] bool any() const { return !certificate.empty() || !key.empty(); }
};

// Copies share the certificates. Thread-safe to copy.
class TlsContext {
 public:
  // Reads the files. Fails with kInvalid, and a sentence that names the file and says what is wrong
  // with it: it is not there, is no PEM, is readable by others, or does not fit the others; a
  // certificate that has run out is refused, too.
  static core::Result<TlsContext> load(const TlsFiles& files);

  // Makes another context speak TLS in the same way, without its certificates.
  static void set_up(ssl_ctx_st* context);
  // Gives a connection of another context these certificates, before its handshake sends any.
  // Returns false if the system lacks memory.
  [[nodiscard]] bool give_to(ssl_st* connection) const;

  // Returns a new connection of this context; the caller owns it. Throws std::bad_alloc.
  [[nodiscard]] ssl_st* make_connection() const;
  // Until when the certificate of this server is valid, as in "Nov 23 01:00:00 2027 GMT".
  [[nodiscard]] const std::string& valid_until() const { return valid_until_; }
  // Returns the host names and addresses that the certificate of this server is for.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  TlsContext(std::shared_ptr<ssl_ctx_st> context, std::string valid_until,
             std::vector<std::string> names)
      : context_(std::move(context)),
        valid_until_(std::move(valid_until)),
        names_(std::move(names)) {}

  std::shared_ptr<ssl_ctx_st> context_;
  std::string valid_until_;
  std::vector<std::string> names_;
};

}  // namespace anabranch::server
