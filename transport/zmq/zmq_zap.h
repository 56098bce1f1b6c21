// ZAP, ZeroMQ's way to ask who may connect (RFC 27): for each connection to a CURVE socket of this
// context, libzmq sends the key that the far side has proven to hold, and goes on only with a yes.
//
// Without somebody who answers, libzmq lets every key in, unless told to enforce the domain; both
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
// Makes a socket that is not connected yet prove who we are, and connect only to who has this key.
void secure_dialler(zmq::socket_t& socket, const OwnKeys& own, const Key& server);

class ZapGate {
 public:
  struct Refusal {
    std::string address;  // Of the host that was refused.
    std::string why;
    bool is_expired = false;  // Known, but not valid now; else it is unknown.
  };

  // Begins to answer for the context; to be made before its first socket that listens.
  explicit ZapGate(zmq::context_t& context);

  // Answers all questions that wait: yes to keys that are known and valid.
  void serve(const Keys& keys, Seconds now, const std::function<void(const Refusal&)>& refused);
  // Readable, by zmq_poll, while questions wait.
  [[nodiscard]] void* handle() { return socket_.handle(); }

  // What libzmq tells as the property User-Id of each message of an accepted connection.
  [[nodiscard]] static std::string user_id(const KnownKey& key);
  // The line with the key of a User-Id; null when there is none.
  [[nodiscard]] static const KnownKey* find(const Keys& keys, std::string_view user_id);

 private:
  zmq::socket_t socket_;
};

// Whether a socket that is made as all listening ones are turns away who has no key, and who has a
// new one that nobody knows; else why not. Takes milliseconds.
core::Result<void> refuses_strangers(zmq::context_t& context, ZapGate& gate, const Keys& keys);

}  // namespace anabranch::transport
