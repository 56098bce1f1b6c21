// One peer that is dialled for ever: its link while there is one, and else why there is none. Used
// by the transport's thread, but for status().
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "transport/frame.h"
#include "transport/keys.h"
#include "transport/transport.h"
#include "transport/zmq/absence.h"
#include "transport/zmq/reach_probe.h"
#include "transport/zmq/redial.h"
#include "transport/zmq/zmq_socket.h"

namespace anabranch::transport {

struct Dialled {
  using Clock = std::chrono::steady_clock;

  std::string address;
  std::string region;        // Who must be there; empty when that is open.
  WatchedSocket socket;      // Null between two connections.
  std::optional<Key> key;    // That the far side must have to be connected; none without keys.
  std::size_t failures = 0;  // Connections that broke before the far side had proven its key.
  LinkId link = 0;           // 0 while it is down.
  Clock::time_point heard;
  Assembler assembler;
  Redial redial;
  std::string complaint;  // The last warning about it, which is not repeated.
  bool is_local = false;  // On this machine.

  // The handshake is done; something valid has come.
  void is_up() { publish(); }
  void is_of_use();
  // ZeroMQ has tried in vain to connect, and goes on.
  void was_not_reached();
  // The link is over, or a connection came to nothing, for this reason; `said`, when it was logged.
  void is_over(const std::string& why, bool said);
  // Why no link came of a connection, by the event that ended it.
  [[nodiscard]] std::string why_refused(int event) const;

  // Thread-safe.
  [[nodiscard]] DialStatus status() const;

 private:
  // Logs that it is away, when that is due.
  void say_away();
  void publish();

  Absence absence_;
  ReachProbe probe_;
  struct Published {
    std::mutex mutex;
    DialStatus status;
    std::optional<Clock::time_point> since;
  };
  std::unique_ptr<Published> published_ = std::make_unique<Published>();
};

}  // namespace anabranch::transport
