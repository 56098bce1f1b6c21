// One peer that is dialled for ever: its link while there is one, and else the reason of its
// absence. Used by the transport's thread; only status() is for all threads.
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
#include "transport/zmq/hearing.h"
#include "transport/zmq/out_link.h"
#include "transport/zmq/reach_probe.h"
#include "transport/zmq/redial.h"
#include "transport/zmq/zmq_socket.h"

namespace anabranch::transport {

struct Dialled {
  using Clock = std::chrono::steady_clock;

  std::string here;  // The region of this side, for the log.
  std::string address;
  std::string region;        // The region that must be there; empty: any.
  WatchedSocket socket;      // Null between two connections.
  std::optional<Key> key;    // The key required of the far side; nullopt without keys.
  std::size_t failures = 0;  // Connections that broke before the far side had proven its key.
  LinkId link = 0;           // 0 while it is down.
  int descriptor = -1;       // Of its newest connection.
  Hearing hearing;
  Assembler assembler;
  OutLink out;
  Redial redial;
  std::string complaint;  // The last warning about the peer, not repeated.
  bool is_local = false;  // On this machine.

  // Returns the region if it is known, else the address.
  [[nodiscard]] const std::string& name() const { return region.empty() ? address : region; }

  // The handshake is done; is_of_use(): a valid message has come.
  void is_up() {
    hung_up_ = false;
    publish();
  }
  void is_of_use();
  // ZeroMQ has tried in vain to connect, and will try again after a pause.
  void was_not_reached(std::chrono::milliseconds pause);
  // The link is over, or a connection failed, for this reason; `said`: the reason was logged.
  void is_over(const std::string& why, bool said);
  // Returns why a connection became no link, by the event that ended it.
  [[nodiscard]] std::string why_refused(int event) const;

  // Thread-safe.
  [[nodiscard]] DialStatus status() const;

 private:
  // Logs the absence, when a line is due.
  void say_away();
  void publish();

  Absence absence_;
  ReachProbe probe_;
  Clock::time_point next_try_;  // In the past while an attempt is under way.
  bool hung_up_ = false;        // The far side has, in the last handshake.
  struct Published {
    std::mutex mutex;
    DialStatus status;
    std::optional<Clock::time_point> since;
    Clock::time_point next_try;
  };
  std::unique_ptr<Published> published_ = std::make_unique<Published>();
};

}  // namespace anabranch::transport
