// Transport over ZeroMQ: one ROUTER that listens, one DEALER per dialled peer, one thread that owns
// all sockets. ZeroMQ's delivery is not relied on; see transport.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "transport/transport.h"

namespace anabranch::transport {

struct ZmqOptions {
  std::string listen;              // "tcp://127.0.0.1:7400", port "*" or 0 for any; empty: dial only.
  std::vector<std::string> peers;  // Addresses to dial, for ever.
};

// Binds, dials and starts the thread. Fails with kBusy when the port is in use, with kInvalid when
// an address is malformed. The destructor stops the thread and never hangs.
core::Result<std::unique_ptr<Transport>> open_zmq_transport(const ZmqOptions& options);

}  // namespace anabranch::transport
