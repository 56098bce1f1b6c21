// The guard of a transport: with whom links may be, for how long, and who is turned away. With
// keys, every link is with a region that has proven its key, and only as long as the key is valid.
// Without, it still bounds how many connections others open and how much one sends without end.
// Whoever is turned away is counted, and named in the log. Used by one thread.
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
#include "transport/zmq/complaints.h"
#include "transport/zmq/connections.h"
#include "transport/zmq/zmq_socket.h"
#include "transport/zmq/zmq_zap.h"

namespace anabranch::transport {

class Guard {
 public:
  // What a connection may send without one whole message: far more than a message has.
  static constexpr std::uint64_t kUnreadBytesMax = std::uint64_t{16} << 20U;
  // The same while nobody reads, when whole messages wait.
  static constexpr std::uint64_t kPausedBytesMax = std::uint64_t{512} << 20U;

  // `keys` is null where links have none. `counters` must outlive the guard.
  Guard(zmq::context_t& context, SharedKeys keys, std::function<Seconds()> wall_clock,
        AtomicCounters& counters);

  [[nodiscard]] bool has_keys() const { return keys_ != nullptr; }
  void use(SharedKeys keys) { keys_ = std::move(keys); }

  // ---- Listening.

  // Secures a socket that is not bound yet. Fails when a socket made like that lets strangers in.
  core::Result<void> prepare_listener(zmq::context_t& context, zmq::socket_t& socket);
  // The listening socket is bound here.
  void listen_at(const std::string& endpoint);
  // To be polled for input, null without keys; and what to do then.
  [[nodiscard]] void* handle() { return gate_ ? gate_->handle() : nullptr; }
  void serve();
  // The events that the listening socket must watch, and what to do with each.
  static constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED;
  void on_event(const WatchedSocket::Event& event);

  // The User-Id of an accepted connection; empty without keys.
  [[nodiscard]] std::string user_id(const Incoming& incoming) const;
  // The region behind a User-Id; nothing when its key is not, or no longer, valid.
  [[nodiscard]] std::optional<std::string> region(const std::string& user_id) const;

  void hear(int descriptor) { connections_.hear(descriptor); }
  void shut(int descriptor) const { connections_.shut(descriptor); }
  // Ends connections that send without end. To be called now and then.
  void end_endless(bool is_paused);
  [[nodiscard]] bool is_watching() const { return !connections_.empty(); }

  // ---- Dialling.

  // Secures a socket that is to dial a region: the key that the region must have, one of its valid
  // ones by `attempt`; nothing without keys. Fails when it has none.
  core::Result<std::optional<Key>> prepare_dialler(zmq::socket_t& socket, const std::string& region,
                                                   std::size_t attempt) const;
  [[nodiscard]] bool is_valid(const Key& key) const;

  void warn(const std::string& text) { complaints_.warn(text); }

 private:
  void refuse(const ZapGate::Refusal& refusal);

  SharedKeys keys_;
  std::function<Seconds()> wall_clock_;
  AtomicCounters& counters_;
  std::optional<ZapGate> gate_;
  Connections connections_;
  Complaints complaints_;
  std::map<std::string, int> refused_;  // By address: refused by key, not yet closed.
};

}  // namespace anabranch::transport
