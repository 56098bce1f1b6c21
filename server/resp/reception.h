// Accepting clients: at the entrances of the Redis port, and at the control socket.
//
// When the system has no descriptors or memory for more clients, accepting pauses for a moment: a
// listener that stays readable would keep the loop awake. Clients wait in the system meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/listener.h"
#include "server/resp/socket/entrance.h"
#include "server/resp/socket/epoll.h"
#include "server/resp/socket/stream.h"
#include "server/resp/socket/tls_context.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// A client that has come.
struct Guest {
  Stream stream;
  std::string address;
  std::string local_address;
  bool local;       // From this machine.
  bool verbs_only;  // At the control socket.
  bool by_path;     // At a path: no TCP.
  bool by_tls = false;
  bool at_sentinel = false;  // At the Sentinel port.
};

class Reception {
 public:
  using Milliseconds = std::chrono::milliseconds;
  // Returns whether more may be accepted in this turn.
  using Welcome = std::function<bool(Guest guest)>;

  // `control` is the control socket or null; it and `epoll` must outlive the reception. `tls` is
  // there if an entrance speaks it. Throws std::system_error if the system cannot watch a socket.
  Reception(std::vector<Entrance> entrances, std::optional<TlsContext> tls,
            const control::Listener* control, const Epoll& epoll);
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;

  // Accepts clients if the tag of an event is that of one of the sockets; returns whether it is.
  bool on_event(const void* tag, const Welcome& welcome);
  // Goes on accepting after a pause; returns the time that the loop may wait for events.
  Milliseconds go_on(Milliseconds timeout);
  // Returns whether descriptors or memory have lacked since the last call.
  [[nodiscard]] bool take_lack() { return std::exchange(lacked_, false); }
  // New clients get these certificates.
  void use(TlsContext tls) { tls_ = std::move(tls); }

 private:
  // Each returns false if no client waits, if accepting is paused, or no more are welcome.
  bool accept_at(const Entrance& entrance, const Welcome& welcome);
  bool accept_visitor(const Welcome& welcome);
  void after(int error);
  void pause();
  // Adds all sockets to the epoll set; one that is there already is fine.
  bool watch();

  const std::vector<Entrance> entrances_;
  std::optional<TlsContext> tls_;
  const control::Listener* control_;
  const Epoll& epoll_;
  SteadyTime again_ = {};  // While accepting is paused; else zero.
  bool warned_ = false;    // Until accepting works again.
  bool lacked_ = false;
};

}  // namespace anabranch::server
