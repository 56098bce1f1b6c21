// The links dialled by peers: their routing ids in ZeroMQ, and the routing ids of ended links.
//
// ZeroMQ names a connection by a routing id and cannot close one, so the routing id of an ended
// link is remembered and all further messages from it are ignored. Automatic routing ids never
// recur. At most kEndedMax are remembered, the oldest are forgotten first. Not thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "transport/frame.h"
#include "transport/transport.h"
#include "transport/zmq/hearing.h"
#include "transport/zmq/out_link.h"

namespace anabranch::transport {

struct AcceptedLink {
  using Clock = std::chrono::steady_clock;

  LinkId id = 0;
  std::string routing_id;
  int descriptor = -1;    // Of the connection, -1 when ZeroMQ did not report it.
  std::string address;    // The host at the other end; empty when it is not known.
  bool is_local = false;  // From this machine.
  std::string user_id;    // The identity proven by its key, see zmq_zap.h; empty without keys.
  Hearing hearing;
  Assembler assembler;
  OutLink out = {};
};

// Returns "region us (192.0.2.1)", or the host alone where the region is not proven.
[[nodiscard]] std::string name_of(const AcceptedLink& link);

class AcceptedLinks {
 public:
  static constexpr std::size_t kEndedMax = 4096;

  // Adds a link; neither its id nor its routing id may be present.
  AcceptedLink& add(AcceptedLink link);
  // Returns the link, or null. Valid until the link is ended.
  AcceptedLink* find(LinkId id);
  AcceptedLink* find(const std::string& routing_id);
  // Returns the link of a connection; null also for -1.
  AcceptedLink* at_descriptor(int descriptor);
  // Removes a link, which must be present; its routing id is ignored from now on.
  void end(LinkId id);
  // Ignores a routing id that never became a link.
  void ignore(const std::string& routing_id);
  [[nodiscard]] bool is_ignored(const std::string& routing_id) const;

  // Looks at what the kernel has received on each link; returns those that are silent.
  [[nodiscard]] std::vector<LinkId> look(std::chrono::milliseconds silence_max,
                                         AcceptedLink::Clock::time_point now);
  // Returns all links.
  [[nodiscard]] const std::unordered_map<LinkId, AcceptedLink>& all() const { return links_; }
  [[nodiscard]] std::unordered_map<LinkId, AcceptedLink>& all() { return links_; }
  // Sets all links to heard at `now`.
  void refresh(AcceptedLink::Clock::time_point now);
  [[nodiscard]] bool empty() const { return links_.empty(); }

 private:
  std::unordered_map<LinkId, AcceptedLink> links_;
  std::unordered_map<std::string, LinkId> by_routing_id_;
  std::unordered_map<int, LinkId> by_descriptor_;
  std::unordered_set<std::string> ignored_;
  std::deque<std::string> ignored_order_;
};

}  // namespace anabranch::transport
