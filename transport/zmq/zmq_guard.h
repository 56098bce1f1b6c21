// The guard of a transport: it decides which peers may have links, and for how long. With keys,
// every link is with a region that has proven its key, and only as long as the key is valid.
// Without keys, the guard still limits the number of accepted connections and the bytes of one
// without a complete message. Refused peers are counted, and named in the log. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "core/result.h"
#include "transport/counters.h"
#include "transport/keys.h"
#include "transport/rate_limited_log.h"
#include "transport/zmq/connections.h"
#include "transport/zmq/zmq_socket.h"
#include "transport/zmq/zmq_zap.h"

namespace anabranch::transport {

class Guard {
 public:
  // The bytes that a connection may send without one complete message: more than a frame has. As
  // empty parts of a message they are 130 MiB in libzmq, which keeps all parts until the last one.
  static constexpr std::uint64_t kUnreadBytesMax = std::uint64_t{4} << 20U;
  // The same while no messages are handled, since complete messages then wait (waiting_frames.h).
  static constexpr std::uint64_t kPausedBytesMax = std::uint64_t{512} << 20U;

  // `region` is that of this side, for the log. `keys` is null where links have none. `counters`
  // must outlive the guard.
  Guard(zmq::context_t& context, std::string region, SharedKeys keys,
        std::function<Seconds()> wall_clock, AtomicCounters& counters);

  [[nodiscard]] bool has_keys() const { return keys_ != nullptr; }
  void use(SharedKeys keys) { keys_ = std::move(keys); }

  // ---- Listening.

  // Secures a socket before it is bound. Fails when a socket made like it lets strangers in.
  core::Result<void> prepare_listener(zmq::context_t& context, zmq::socket_t& socket);
  // Notes the address to which the listening socket is bound.
  void listen_at(const std::string& endpoint);
  // Returns the handle to poll for input, null without keys; serve() handles the input.
  [[nodiscard]] void* handle() { return gate_ ? gate_->handle() : nullptr; }
  void serve();
  // The events that the listening socket must watch; on_event() handles each.
  static constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED;
  void on_event(const WatchedSocket::Event& event);

  // Returns the User-Id of an accepted connection; empty without keys.
  [[nodiscard]] std::string user_id(const Incoming& incoming) const;
  // Returns the region of a User-Id; nullopt when its key is not, or no longer, valid.
  [[nodiscard]] std::optional<std::string> region(const std::string& user_id) const;

  void hear(int descriptor, Connections::Time now) { connections_.hear(descriptor, now); }
  // The most connections that are accepted at once.
  [[nodiscard]] std::size_t connections_max() const { return connections_.max(); }
  void shut(int descriptor) const { connections_.shut(descriptor); }
  // Ends connections that send a message without end. Call it periodically.
  void end_endless(bool is_paused);
  [[nodiscard]] bool is_watching() const { return !connections_.empty(); }

  // ---- Dialling.

  // Secures a socket that will dial a region. Returns the key that the region must prove, one of
  // its valid ones by `attempt`; nullopt without keys. Fails when the region has none.
  core::Result<std::optional<Key>> prepare_dialler(zmq::socket_t& socket, const std::string& region,
                                                   std::size_t attempt) const;
  [[nodiscard]] bool is_valid(const Key& key) const;

  void warn(const std::string& text) { warnings_.warn(text); }

 private:
  void refuse(const ZapGate::Refusal& refusal);

  SharedKeys keys_;
  std::function<Seconds()> wall_clock_;
  AtomicCounters& counters_;
  std::optional<ZapGate> gate_;
  Connections connections_;
  RateLimitedLog warnings_;
  std::map<std::string, int> refused_;  // By address: refused by key, not yet closed.
};

}  // namespace anabranch::transport
