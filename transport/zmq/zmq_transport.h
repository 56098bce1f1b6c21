// Transport over ZeroMQ: one ROUTER that listens, one DEALER per dialled peer, one thread that owns
// all sockets. ZeroMQ's delivery is not relied on; see transport.h.
//
// A dialled link is up when the ZMTP handshake is done. When its connection breaks, its socket is
// destroyed and a new one dials: no message of the old connection can arrive on the new one. An
// accepted link is up with its first valid frame. A link without messages for `silence_max` is
// given up by either side; the protocol above must therefore send messages more often.
//
// ZeroMQ cannot close one connection of a ROUTER. A side that gives up an accepted link ignores its
// later messages, and sends an empty message, which is never a frame: the dialler then dials again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "transport/compression.h"
#include "transport/frame.h"
#include "transport/keys.h"
#include "transport/transport.h"
#include "transport/zmq/names.h"
#include "transport/zmq/partial_bodies.h"

namespace anabranch::transport {

struct ZmqOptions {
  std::string region = {};  // Of this side, for the log.
  std::string listen;       // "tcp://127.0.0.1:7400", port "*" or 0 for any; empty: dial only.
  // Addresses to dial, for ever; with keys each as "REGION@tcp://HOST:PORT".
  std::vector<std::string> peers;
  std::chrono::milliseconds silence_max{15'000};
  Compression compression = Compression::kRemote;
  std::uint8_t apart_kind = 0;  // The kind of messages for receive_apart(); 0: none.
  // A longer message is refused as malformed; null: kMessageSizeMax for all.
  BodyBytesMax body_bytes_max = nullptr;
  // Of bodies that have come in part, on all links; see partial_bodies.h.
  std::size_t partial_bytes_max = PartialBodies::kBytesMax;
  // With keys, links are encrypted, and only with regions that prove a valid key. Null: no keys.
  SharedKeys keys = {};
  // The clock for the validity of keys; null: the wall clock.
  std::function<Seconds()> wall_clock = {};
  // Looks names up, on threads that the transport may leave behind; null: the system does.
  Resolve resolve = {};
  // How often a name is looked up of which doubt() was told.
  std::chrono::milliseconds check_names_every = std::chrono::minutes(1);
};

// Binds, dials and starts the thread. Fails with kBusy when the port is in use, with kInvalid when
// an address is malformed or names no region though there are keys, with kIo when a listener with
// keys would let strangers in. The destructor stops the thread and never hangs.
core::Result<std::unique_ptr<Transport>> open_zmq_transport(const ZmqOptions& options);

}  // namespace anabranch::transport
