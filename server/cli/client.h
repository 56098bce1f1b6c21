// A small client of the Redis protocol, over TCP or a control socket: one connection, blocking.
// Most callers send one command at a time; send() and the answers can also be taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "server/resp/socket/tls_caller.h"

namespace anabranch::server::cli {

// Movable. Not thread-safe.
class Client {
 public:
  // Connects to HOST:PORT within a few seconds. Fails with one line that names the address.
  static core::Result<Client> connect(std::string_view address);
  // Connects to the leader that has a data directory open, on its control socket. Fails with one
  // line that says whether there is one.
  static core::Result<Client> connect_to_directory(const std::string& directory);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  // Speaks TLS from now on. Fails as TlsCaller::connect.
  core::Result<void> secure(const TlsCaller::Files& files);
  // Sends a command and waits for its answer, at most a minute. Fails with kInvalid and the
  // server's own text if it answers with an error, kIo if the connection breaks, kCorrupt if the
  // far side does not speak the protocol. Arrays are not supported.
  core::Result<std::string> call(const std::vector<std::string>& words);

  // Waits until the other side answers at all, 5 s at most: its loop may stand still. Whatever it
  // says to a PING will do. Fails as call(), but not with its error.
  core::Result<void> await_life();

  // Returns a command as its bytes.
  static std::string bytes_of(const std::vector<std::string>& words);
  // Sends commands. An answer to each must be taken, in their order.
  core::Result<void> send(std::string_view commands);
  // Waits for an answer, as call().
  core::Result<std::string> answer();
  // The parts of an answer that may be an array: a line without its end, bytes and the end of line
  // that follows them, or these passed over.
  core::Result<std::string> line();
  core::Result<std::string> body(std::size_t size);
  core::Result<void> skip_body(std::size_t size);
  // Returns the failure of an answer of a form that does not fit its command.
  [[nodiscard]] core::Failure nonsense() const;

 private:
  Client(int socket, std::string address) : socket_(socket), address_(std::move(address)) {}

  // Waits for more bytes and appends them to the buffer.
  core::Result<void> receive_some();
  core::Result<std::string> take_bulk(std::string_view length);
  [[nodiscard]] core::Failure broken(std::string_view what) const;

  int socket_;
  std::string address_;
  std::optional<TlsCaller> tls_;
  std::string buffer_;
};

}  // namespace anabranch::server::cli
