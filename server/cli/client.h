// A small client of the Redis protocol, over TCP or a control socket: one connection, blocking.
// Most callers send one command at a time; send() and the answers can also be taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "server/resp/socket/patience.h"
#include "server/resp/socket/tls_caller.h"
#include "server/steady_clock.h"

namespace anabranch::server::cli {

// The other side has 5 s from the attempt to connect until its first answer is whole, later ones
// have the times of a Patience. A side that takes longer "does not answer": kTimeout.
//
// Movable. Not thread-safe.
class Client {
 public:
  // Connects to HOST:PORT. Fails with one line that names the address: kTimeout, kIo.
  static core::Result<Client> connect(std::string_view address);
  // Connects to the leader that has a data directory open, on its control socket. Fails with one
  // line that says whether there is one: kClosed without one, kTimeout, kIo.
  static core::Result<Client> connect_to_directory(const std::string& directory);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  // Speaks TLS from now on. Fails as TlsCaller::connect.
  core::Result<void> secure(const TlsCaller::Files& files);
  // Sends a command and waits for its answer. Fails with kInvalid and the server's own text if it
  // answers with an error, kTimeout if it does not answer, kIo if the connection breaks, kCorrupt
  // if the far side does not speak the protocol. Arrays are not supported.
  core::Result<std::string> call(const std::vector<std::string>& words);

  // Waits until the other side answers at all: its loop may stand still. Whatever it says to a PING
  // will do. Fails as call(), but not with its error.
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
  Client(int socket, std::string address, SteadyTime until);

  // Waits for more bytes and appends them to the buffer.
  core::Result<void> receive_some();
  // Receives once, as soon as bytes have come; returns how many, none at the end of the connection.
  core::Result<std::size_t> receive_into(char* into, std::size_t room);
  core::Result<std::string> next_answer();
  core::Result<std::string> take_bulk(std::string_view length);
  [[nodiscard]] core::Failure broken(std::string_view what) const;
  // No more is waited for from now on.
  core::Failure silent();

  int socket_;
  std::string address_;
  Patience patience_;
  std::optional<TlsCaller> tls_;
  std::string buffer_;
};

}  // namespace anabranch::server::cli
