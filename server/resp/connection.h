// One client's socket: bytes in, requests out of the parser, answers back.
//
// Invariant: what waits in either direction is bounded (ServerOptions). A client that does not read
// its answers is not read from, and what it has sent is not run; it costs memory up to the bounds,
// never another client's time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/resp/client.h"
#include "server/resp/file.h"
#include "server/resp/parser.h"
#include "server/resp/server_options.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Connection {
 public:
  enum class Received : std::uint8_t { kBytes, kNothing, kEnd };
  // What its commands cost when it was served last; nothing is known of a new one.
  enum class Cost : std::uint8_t { kUnknown, kLittle, kMuch };

  // Takes over a connected, non-blocking socket. `options` must outlive the connection.
  Connection(File socket, std::uint64_t id, std::string address, const ServerOptions& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] Client& client() { return client_; }
  [[nodiscard]] const Client& client() const { return client_; }

  // Reads once, so many bytes at most. kEnd: the client has closed its side, or the socket has
  // failed.
  Received receive(std::size_t bytes_max);
  // How many bytes that was, over all calls.
  [[nodiscard]] std::uint64_t received() const { return received_; }
  // The next request from what was received; one that was put back comes again.
  Parser::Outcome next_request();
  // Puts the last request back. Nothing may be received before it is taken again.
  void put_back() { put_back_ = true; }
  [[nodiscard]] std::span<const std::string_view> arguments() const { return parser_.arguments(); }
  [[nodiscard]] std::string_view protocol_error() const { return parser_.error(); }
  // What it takes to hold what has come and is not run yet, its open transaction included.
  [[nodiscard]] std::size_t input_bytes() const {
    return (input_empty() ? 0 : touched_ + parser_.bytes()) + client_.queue.bytes;
  }
  // How many more bytes the word needs that has come in part; 0 when that is not known.
  [[nodiscard]] std::size_t missing() const { return parser_.missing(input_end_ - input_begin_); }
  // Forgets all of that; nothing more is received or run.
  void drop_input();
  // Gives back memory that one large request or answer has taken.
  void trim();

  // Sends what the socket takes. Returns false when it has failed.
  bool send();
  // Answers that wait.
  [[nodiscard]] std::size_t pending() const { return client_.output.size() - sent_; }
  // When the socket took some of them last, or the connection began.
  [[nodiscard]] SteadyTime taken() const { return taken_; }
  // Whether it has shown that it reads its answers: it has taken what no system would hold for it.
  [[nodiscard]] bool reads() const { return reads_; }
  // Whether it has sent more than the last request.
  [[nodiscard]] bool has_sent_more() const {
    return input_begin_ + parser_.consumed() < input_end_;
  }
  // Says that it has stopped reading; it may show again that it does.
  void stalls();
  // Whether so much waits that the client must read first.
  [[nodiscard]] bool stuck() const { return pending() > options_.output_pause_bytes; }

  // ---- Kept here for the loop.

  std::uint32_t interest = 0;  // Epoll events asked for.
  bool runnable = false;       // May have whole requests that wait for the next turn.
  bool scheduled = false;      // On a list of the loop.
  bool gone = false;           // To be closed at the end of the turn.
  bool served = false;         // In this turn.
  Cost cost = Cost::kUnknown;
  bool held = false;           // Its last request is put back until there is room, or way, for it.
  bool granted = false;        // There is: its next answer may be larger than its share...
  bool on_trial = false;       // ...and take of the room for those that are tried.
  bool tried = false;          // That is where its output is.
  std::size_t counted = 0;     // Of its output, in the room for all (output_room.h)...
  std::size_t counted_in = 0;  // ...in this part of it.
  std::size_t counted_input = 0;  // Of input_bytes(), in the room for all (input_room.h).

 private:
  // Makes room for `wanted` bytes behind input_end_.
  void reserve(std::size_t wanted);
  void give_input_back();
  [[nodiscard]] bool input_empty() const {
    return !put_back_ && input_begin_ + parser_.consumed() == input_end_;
  }
  // The socket has taken so many bytes.
  void took(std::size_t bytes);

  const File socket_;
  const ServerOptions& options_;
  Client client_;
  Parser parser_;
  std::unique_ptr<char[]> input_;
  std::size_t input_capacity_ = 0;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::size_t touched_ = 0;  // So much of the input's memory was ever written.
  std::uint64_t received_ = 0;
  std::size_t sent_ = 0;  // Of the client's output.
  SteadyTime taken_ = steady_now();
  bool full_ = false;           // The socket has not taken all at some time.
  std::size_t taken_full_ = 0;  // Bytes that it has taken since, and...
  std::size_t taken_all_ = 0;   // ...at all, both since the client stalled last.
  bool reads_ = false;
  bool put_back_ = false;
};

}  // namespace anabranch::server
