#include "tests/server/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "server/address.h"

namespace anabranch::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  const char* const reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  ::ERR_clear_error();
  throw std::runtime_error(what + ": " + (reason != nullptr ? reason : "closed"));
}

control::File connect(const std::string& text) {
  const server::Address parsed = server::parse_address(text).value_or_raise();
  control::File socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval most{10, 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(parsed.port);
  ::inet_pton(AF_INET, parsed.host.c_str(), &address.sin_addr);
  if (::connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("no connection to " + text);
  }
  return socket;
}

}  // namespace

std::string client_hello(int version) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(
      ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  ::SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<SSL, decltype(&::SSL_free)> connection(::SSL_new(context.get()),
                                                               ::SSL_free);
  BIO* const written = ::BIO_new(::BIO_s_mem());
  ::SSL_set_bio(connection.get(), ::BIO_new(::BIO_s_mem()), written);
  ::SSL_connect(connection.get());
  std::array<char, 4096> bytes;
  const int size = ::BIO_read(written, bytes.data(), static_cast<int>(bytes.size()));
  if (size <= 0) fail("hello");
  return {bytes.data(), static_cast<std::size_t>(size)};
}

TlsClient::TlsClient(const std::string& address, const Options& options)
    : socket_(connect(address)), context_(::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free) {
  SSL_CTX* const context = context_.get();
  if (::SSL_CTX_load_verify_locations(context, options.root.c_str(), nullptr) != 1) fail("root");
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.version != 0) {
    ::SSL_CTX_set_min_proto_version(context, options.version);
    ::SSL_CTX_set_max_proto_version(context, options.version);
  }
  if (!options.own.certificate.empty()) {
    const bool used =
        ::SSL_CTX_use_certificate_file(context, options.own.certificate.c_str(),
                                       SSL_FILETYPE_PEM) == 1 &&
        ::SSL_CTX_use_PrivateKey_file(context, options.own.key.c_str(), SSL_FILETYPE_PEM) == 1;
    if (!used) fail("own certificate");
  }
  connection_ = std::shared_ptr<SSL>(::SSL_new(context), ::SSL_free);
  ::SSL_set_fd(connection_.get(), socket_.fd());
  if (::SSL_connect(connection_.get()) != 1) fail("handshake");
}

TlsClient::~TlsClient() = default;

void TlsClient::send(std::string_view bytes) {
  if (::SSL_write(connection_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    fail("send");
  }
}

void TlsClient::fill() {
  std::array<char, 65536> bytes;
  const int got = ::SSL_read(connection_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (got <= 0) fail("receive");
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
}

std::string TlsClient::take_line() {
  while (buffer_.find("\r\n") == std::string::npos) fill();
  const std::size_t end = buffer_.find("\r\n") + 2;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return line;
}

std::string TlsClient::receive() {
  std::string line = take_line();
  if (line[0] != '$' || line == "$-1\r\n") return line;
  const std::size_t size = static_cast<std::size_t>(std::atoll(line.c_str() + 1)) + 2;
  while (buffer_.size() < size) fill();
  line.append(buffer_, 0, size);
  buffer_.erase(0, size);
  return line;
}

void TlsClient::skip(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    bytes -= buffer_.size();
    buffer_.clear();
    fill();
  }
  buffer_.erase(0, bytes);
}

std::string TlsClient::version() const { return ::SSL_get_version(connection_.get()); }

std::string TlsClient::server_name() const {
  X509* const certificate = ::SSL_get1_peer_certificate(connection_.get());
  std::array<char, 256> name{};
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
  ::X509_free(certificate);
  return name.data();
}

}  // namespace anabranch::test
