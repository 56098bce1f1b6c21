// ZAP, ZeroMQ's protocol for access control (RFC 27): for each connection to a CURVE socket of this
// context, libzmq sends the key that the far side has proven to hold, and continues only after a
// yes.
//
// Without a handler libzmq lets every key in, unless told to enforce the domain; here both are
// present, and refuses_strangers() tests it. Used by one thread.
// are done here, and refuses_strangers() tries it. Used by one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "core/result.h"
#include "transport/keys.h"

namespace anabranch::transport {

// Makes a socket that is not bound yet accept connections with the right key only.
void secure_listener(zmq::socket_t& socket, const OwnKeys& own);
// Makes a socket that is not connected yet prove our identity, and connect only to the holder of
// `server`.
void secure_dialler(zmq::socket_t& socket, const OwnKeys& own, const Key& server);

class ZapGate {
 public:
  struct Refusal {
    std::string address;  // Of the refused host.
    std::string why;
    bool is_expired = false;  // Known, but not valid now; else it is unknown.
  };

  // Begins to answer for the context; make the gate before the context's first listening socket.
  explicit ZapGate(zmq::context_t& context);

  // Answers all waiting questions: yes to keys that are known and valid.
  void serve(const Keys& keys, Seconds now, const std::function<void(const Refusal&)>& refused);
  // Readable, by zmq_poll, while questions wait.
  [[nodiscard]] void* handle() { return socket_.handle(); }

  // Returns the value of the property User-Id that libzmq adds to each message of an accepted
  // connection.
  [[nodiscard]] static std::string user_id(const KnownKey& key);
  // Returns the line with the key of a User-Id; null when there is none.
  [[nodiscard]] static const KnownKey* find(const Keys& keys, std::string_view user_id);

 private:
  zmq::socket_t socket_;
};

// Tests whether a socket made like all listening ones refuses peers without a key and peers with a
// new unknown key; fails with the reason if not. Takes milliseconds.
core::Result<void> refuses_strangers(zmq::context_t& context, ZapGate& gate, const Keys& keys);

}  // namespace anabranch::transport
