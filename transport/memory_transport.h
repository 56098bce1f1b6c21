// A network inside one process, for tests of the layers above: transports that dial each other by
// address, and switches that cut them apart.
//
// Events are those of transport.h: the dialler sees kUp at once, the other side with the first
// message, and a link that breaks and heals returns under a new id. Messages are delivered during
// send(), in order, and lost only after cut() or mute(). All functions are thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "transport/transport.h"

namespace anabranch::transport {

class MemoryNetwork {
 public:
  MemoryNetwork();
  ~MemoryNetwork();

  // Opens a transport at `address`, which must be free. It dials `peers` for ever, also those that
  // do not exist yet. It may outlive the network object.
  std::unique_ptr<Transport> open(const std::string& address, std::vector<std::string> peers);

  // Breaks the links between two addresses, in both directions, until heal().
  void cut(const std::string& one, const std::string& other);
  // Drops messages from `source` to `target` until heal(); links stay up, without any event.
  void mute(const std::string& source, const std::string& target);
  // Undoes cut() and mute() between two addresses; the dialling side dials again.
  void heal(const std::string& one, const std::string& other);

 private:
  struct State;
  class Endpoint;
  std::shared_ptr<State> state_;
};

}  // namespace anabranch::transport
