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
#include "transport/zmq/dialled_name.h"
#include "transport/zmq/hearing.h"
#include "transport/zmq/out_link.h"
#include "transport/zmq/reach_probe.h"
#include "transport/zmq/redial.h"
#include "transport/zmq/waiting_frames.h"
#include "transport/zmq/zmq_socket.h"

namespace anabranch::transport {

struct Dialled {
  using Clock = std::chrono::steady_clock;
  // Of its socket.
  static constexpr int kEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                 ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CONNECT_RETRIED;

  std::string here;  // The region of this side, for the log.
  std::string address;
  std::string region;        // The region that must be there; empty: any.
  WatchedSocket socket;      // Null between two connections.
  std::optional<Key> key;    // The key required of the far side; nullopt without keys.
  std::size_t failures = 0;  // Connections that broke before the far side had proven its key.
  LinkId link = 0;           // 0 while it is down.
  int descriptor = -1;       // Of its newest connection...
  Clock::time_point began_at = {};  // ...and since when there is one.
  int handshake_error = 0;          // The errno with which its handshake ended, if it was told.
  Hearing hearing;
  WaitingFrames waiting;  // Read of the link.
  Assembler assembler;
  OutLink out;
  DialledName name;  // The name in the address, or its number.
  Redial redial;
  std::string complaint;  // The last warning about the peer, not repeated.
  bool is_local = false;  // On this machine.

  // Returns the region if it is known, else the address.
  [[nodiscard]] const std::string& called() const { return region.empty() ? address : region; }

  // Whether a connection may be begun now, to name.number().
  [[nodiscard]] bool is_due(Clock::time_point now);
  // When is_due() must be asked next, unless an answer to a look-up comes before; while there is no
  // connection.
  [[nodiscard]] Clock::time_point due_at() const;
  // The handshake is done; is_of_use(): a valid message has come.
  void is_up();
  void is_of_use();
  // ZeroMQ has tried in vain to connect, and will try again after a pause; but for a name, of which
  // the next number is dialled: then the socket is closed.
  void was_not_reached(std::chrono::milliseconds pause);
  // The leader at the other end is not the one that is looked for. Where a name has led there it is
  // looked up again after a pause, which grows up to a minute: true, the link is to be ended.
  // `is_new`: this was not the reason a moment ago.
  bool misleads(const std::string& why, bool& is_new);
  // The name may have moved: from now on it is looked up each minute as long as the link lasts.
  void doubt() { doubted_ = true; }
  // Whether such a look-up has shown that the name leads elsewhere now.
  [[nodiscard]] bool has_moved(Clock::time_point now, std::chrono::milliseconds every);
  // Logs that the link is lost, unless it was one of several to the wrong place; `news`: even then.
  void say_lost(const std::string& why, bool news) const;
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
  // Whether the address has led to the wrong place in the last minutes: lines about its connections
  // say nothing.
  [[nodiscard]] bool misled(Clock::time_point now) const {
    return misled_ && now - *misled_ < kMisledFor;
  }
  // A connection attempt was in vain.
  void count_failure(const std::string& why, Clock::time_point now);

  static constexpr std::chrono::minutes kMisledFor{3};

  Absence absence_;
  ReachProbe probe_;
  Clock::time_point next_try_;  // In the past while an attempt is under way.
  bool hung_up_ = false;        // The far side has, in the last handshake.
  bool said_slow_ = false;      // A look-up that takes long was told of.
  bool doubted_ = false;
  Clock::time_point next_check_;
  // When the address last led to the wrong place; the pause behind it, and why it was that.
  std::optional<Clock::time_point> misled_;
  std::chrono::milliseconds misled_pause_{0};
  std::string why_misled_;
  bool misleads_ = false;  // The link that is about to be over does.
  struct Published {
    std::mutex mutex;
    DialStatus status;
    std::optional<Clock::time_point> since;
    Clock::time_point next_try;
  };
  std::unique_ptr<Published> published_ = std::make_unique<Published>();
};

}  // namespace anabranch::transport
