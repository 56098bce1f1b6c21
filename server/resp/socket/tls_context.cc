#include "server/resp/socket/tls_context.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "core/system/secret_file.h"

namespace anabranch::server {
namespace {

// Ciphers of TLS 1.2; those of 1.3 are all of this kind.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

using Bio = std::unique_ptr<BIO, decltype(&::BIO_free_all)>;

// Returns the reason of OpenSSL's last error, and forgets all of them.
std::string reason() {
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* const text = ::ERR_reason_error_string(code);
  return text != nullptr ? text : "it cannot be read";
}

core::Failure bad_file(std::string_view what, const std::string& path, const std::string& why) {
  return core::invalid("the " + std::string(what) + " " + path + ": " + why);
}

core::Result<void> check_file(std::string_view what, const std::string& path, bool secret) {
  if (path.empty()) return core::invalid("TLS needs a " + std::string(what) + " as well");
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return bad_file(what, path, std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) return bad_file(what, path, "it is not a file");
  if (const std::string why = secret ? core::why_exposed(facts, core::FileReader::self()) : "";
      !why.empty()) {
    return bad_file(what, path, why);
  }
  if (::access(path.c_str(), R_OK) != 0) return bad_file(what, path, std::strerror(errno));
  return {};
}

// Nobody is there to type a passphrase.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

core::Result<void> use_certificate(SSL_CTX* context, const TlsFiles& files) {
  if (auto checked = check_file("certificate", files.certificate, false); !checked.ok()) {
    return checked;
  }
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return bad_file("certificate", files.certificate, "it has none as PEM (" + reason() + ")");
  }
  if (::X509_cmp_current_time(::X509_get0_notAfter(::SSL_CTX_get0_certificate(context))) < 0) {
    return bad_file("certificate", files.certificate, "it has run out");
  }
  if (auto checked = check_file("key of the certificate", files.key, true); !checked.ok()) {
    return checked;
  }
  const bool used =
      ::SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1;
  // A key of another kind is found by the check only.
  if (used && ::SSL_CTX_check_private_key(context) == 1) return {};
  const unsigned long code = ::ERR_peek_last_error();
  if (used || ERR_GET_LIB(code) == ERR_LIB_X509) {
    return bad_file(
        "key of the certificate", files.key,
        "it is not that of the certificate " + files.certificate + " (" + reason() + ")");
  }
  return bad_file("key of the certificate", files.key,
                  "it has no key as PEM, or one with a passphrase (" + reason() + ")");
}

core::Result<void> ask_clients(SSL_CTX* context, const TlsFiles& files) {
  if (files.clients == TlsFiles::Clients::kUnasked) return {};
  if (auto checked = check_file("root of clients' certificates", files.clients_ca, false);
      !checked.ok()) {
    return checked;
  }
  STACK_OF(X509_NAME)* const names = ::SSL_load_client_CA_file(files.clients_ca.c_str());
  if (names == nullptr ||
      ::SSL_CTX_load_verify_locations(context, files.clients_ca.c_str(), nullptr) != 1) {
    ::sk_X509_NAME_pop_free(names, ::X509_NAME_free);
    return bad_file("root of clients' certificates", files.clients_ca,
                    "it has none as PEM (" + reason() + ")");
  }
  ::SSL_CTX_set_client_CA_list(context, names);
  const bool must = files.clients == TlsFiles::Clients::kMust;
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
  return {};
}

// "Nov 23 01:00:00 2027 GMT".
std::string end_of(SSL_CTX* context) {
  const Bio memory(::BIO_new(::BIO_s_mem()), ::BIO_free_all);
  const ASN1_TIME* const end = ::X509_get0_notAfter(::SSL_CTX_get0_certificate(context));
  if (memory == nullptr || ::ASN1_TIME_print(memory.get(), end) != 1) return {};
  std::array<char, 64> text;
  const int size = ::BIO_read(memory.get(), text.data(), static_cast<int>(text.size()));
  return {text.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

std::string text_of(const ASN1_STRING* string) {
  const auto* const data = ::ASN1_STRING_get0_data(string);
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(::ASN1_STRING_length(string))};
}

std::vector<std::string> names_of(SSL_CTX* context) {
  std::vector<std::string> names;
  auto* const all = static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(
      ::SSL_CTX_get0_certificate(context), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* const each = sk_GENERAL_NAME_value(all, i);
    if (each->type == GEN_DNS) names.push_back(text_of(each->d.dNSName));
    if (each->type != GEN_IPADD) continue;
    const std::string bytes = text_of(each->d.iPAddress);
    const bool is_six = bytes.size() == sizeof(in6_addr);
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* const shown =
        is_six || bytes.size() == sizeof(in_addr)
            ? ::inet_ntop(is_six ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size())
            : nullptr;
    if (shown != nullptr) names.emplace_back(shown);
  }
  ::GENERAL_NAMES_free(all);
  return names;
}

}  // namespace

void TlsContext::set_up(ssl_ctx_st* context) {
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
  ::SSL_CTX_set_cipher_list(context, kCiphers);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET);
  // Writes may be repeated with the answer at another place, and idle connections keep no buffers.
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_num_tickets(context, 0);
}

core::Result<TlsContext> TlsContext::load(const TlsFiles& files) {
  std::shared_ptr<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
  if (context == nullptr) return core::Failure{ErrorCode::kIo, "no TLS: " + reason()};
  SSL_CTX* const made = context.get();
  set_up(made);
  ::SSL_CTX_set_default_passwd_cb(made, no_passphrase);
  if (auto used = use_certificate(made, files); !used.ok()) return used.failure();
  if (auto asked = ask_clients(made, files); !asked.ok()) return asked.failure();
  return TlsContext(std::move(context), end_of(made), names_of(made));
}

bool TlsContext::give_to(ssl_st* connection) const {
  SSL_CTX* const own = context_.get();
  STACK_OF(X509)* chain = nullptr;
  ::SSL_CTX_get0_chain_certs(own, &chain);
  ::SSL_certs_clear(connection);  // A key of another kind would stay beside them.
  const bool given = ::SSL_use_cert_and_key(connection, ::SSL_CTX_get0_certificate(own),
                                            ::SSL_CTX_get0_privatekey(own), chain, 1) == 1 &&
                     ::SSL_set1_verify_cert_store(connection, ::SSL_CTX_get_cert_store(own)) == 1;
  if (!given) return false;
  ::SSL_set_verify(connection, ::SSL_CTX_get_verify_mode(own), nullptr);
  if (auto* const names = ::SSL_CTX_get_client_CA_list(own); names != nullptr) {
    ::SSL_set_client_CA_list(connection, ::SSL_dup_CA_list(names));
  }
  return true;
}

ssl_st* TlsContext::make_connection() const {
  SSL* const made = ::SSL_new(context_.get());
  if (made == nullptr) throw std::bad_alloc();
  ::SSL_set_accept_state(made);
  return made;
}

}  // namespace anabranch::server
