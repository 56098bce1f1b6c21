// One client's socket: receives bytes, parses requests, sends answers.
//
// Invariant: the waiting bytes are bounded in both directions (ServerOptions). If a client does not
// read its answers, the server neither reads nor runs its requests; it costs memory up to the
// bounds, never another client's time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/resp/parser.h"
#include "server/resp/client.h"
#include "server/resp/input_memory.h"
#include "server/resp/server_options.h"
#include "server/resp/socket/epoll.h"
#include "server/resp/socket/stream.h"
#include "server/resp/strangers.h"
#include "server/steady_clock.h"

namespace anabranch::server {

using control::Parser;

class Connection {
 public:
  enum class Received : std::uint8_t { kBytes, kNothing, kEnd };
  // The cost of its commands when it was served last; unknown for a new client.
  enum class Cost : std::uint8_t { kUnknown, kLittle, kMuch };

  // Takes over a connected stream. `options` must outlive the connection.
  Connection(Stream stream, std::uint64_t id, std::string address, const ServerOptions& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return stream_.fd(); }
  // Whether the handshake of TLS is over, if there is one; and whether it, or a later message of
  // TLS, waits until the socket takes bytes.
  [[nodiscard]] bool established() const { return stream_.established(); }
  [[nodiscard]] bool is_tls() const { return stream_.is_tls(); }
  [[nodiscard]] bool wants_write() const { return stream_.wants_write(); }
  [[nodiscard]] Client& client() { return client_; }
  [[nodiscard]] const Client& client() const { return client_; }

  // Reads once, at most `bytes_max` bytes. kEnd: the client has closed its side, or the socket has
  // failed.
  Received receive(std::size_t bytes_max);
  // When bytes came last, or the connection began.
  [[nodiscard]] SteadyTime heard() const { return client_.heard; }
  // The bytes received by all calls.
  [[nodiscard]] std::uint64_t received() const { return received_; }
  // Returns the next request from the received bytes; one that was put back comes again.
  Parser::Outcome next_request();
  // Puts the last request back. Nothing may be received before it is taken again.
  void put_back() { put_back_ = true; }
  [[nodiscard]] std::span<const std::string_view> arguments() const { return parser_.arguments(); }
  [[nodiscard]] std::string_view protocol_error() const { return parser_.error(); }
  // The memory of the input that is not run yet, the open transaction included.
  [[nodiscard]] std::size_t input_bytes() const {
    return (input_empty() ? 0 : touched_ + parser_.bytes()) + client_.queue.bytes;
  }
  // The number of bytes missing from a word that has arrived in part; 0 if that is not known.
  [[nodiscard]] std::size_t missing() const { return parser_.missing(input_end_ - input_begin_); }
  // The most bytes of its requests.
  [[nodiscard]] std::size_t request_bytes_max() const {
    return stranger() ? Strangers::kInputMax : options_.parser.request_bytes_max;
  }
  // Drops all input; afterwards the connection receives and runs no more.
  void drop_input();
  // Releases memory left over from one large request or answer.
  void trim();

  // Sends as much as the socket takes. Returns false if the socket has failed.
  bool send();
  // Bytes of unsent answers.
  [[nodiscard]] std::size_t pending() const { return client_.output.size() - sent_; }
  // When the socket took bytes last, or the connection began.
  [[nodiscard]] SteadyTime taken() const { return taken_; }
  // Whether the client has proved that it reads its answers: it has taken more than any system
  // would buffer.
  [[nodiscard]] bool reads() const { return reads_; }
  // Whether the client has sent more than the last request.
  [[nodiscard]] bool has_sent_more() const {
    return input_begin_ + parser_.consumed() < input_end_;
  }
  // Notes that the client has stopped reading; it may prove again that it reads.
  void stalls();
  // Whether so many bytes wait that the client must read first.
  [[nodiscard]] bool stuck() const {
    return pending() > (stranger() ? Strangers::kOutputMax : options_.output_pause_bytes);
  }

  // Has an epoll set that has the socket watch for other events; `gone` if it cannot.
  void watch(const Epoll& epoll, std::uint32_t events);

  // ---- State of the loop.

  std::uint32_t interest = 0;  // The epoll events being watched.
  bool runnable = false;       // May have whole requests for the next turn.
  bool scheduled = false;      // On a list of the loop.
  bool gone = false;           // Closed at the end of the turn.
  bool answering = false;      // On the list of this turn.
  bool served = false;         // Served in this turn.
  Cost cost = Cost::kUnknown;
  bool held = false;              // Its last request waits for room or for removals.
  bool granted = false;           // It got room: its next answer may exceed its share...
  bool on_trial = false;          // ...and use the room of clients on trial.
  bool tried = false;             // Its output uses the room for trials.
  std::size_t counted = 0;        // Its output as counted in the shared room (output_room.h)...
  std::size_t counted_in = 0;     // ...and the part that counts it.
  std::size_t counted_input = 0;  // Of input_bytes(), as counted in the shared room (input_room.h).

 private:
  [[nodiscard]] bool stranger() const { return client_.user == nullptr && !client_.verbs_only; }
  // Makes room for `wanted` bytes behind input_end_.
  void reserve(std::size_t wanted);
  void give_input_back();
  [[nodiscard]] bool input_empty() const {
    return !put_back_ && input_begin_ + parser_.consumed() == input_end_;
  }
  // Notes that the socket has taken these bytes.
  void took(std::size_t bytes);

  Stream stream_;
  const ServerOptions& options_;
  Client client_;
  Parser parser_;
  InputMemory input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::size_t touched_ = 0;  // The part of the input's memory that was ever written.
  std::uint64_t received_ = 0;
  std::size_t sent_ = 0;  // Of the client's output.
  SteadyTime taken_ = steady_now();
  bool full_ = false;           // The socket has once not taken all bytes.
  std::size_t taken_full_ = 0;  // Bytes taken since then, and...
  std::size_t taken_all_ = 0;   // ...in total, both since the client stalled last.
  bool reads_ = false;
  bool put_back_ = false;
};

}  // namespace anabranch::server
