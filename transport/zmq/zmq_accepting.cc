// Part of ZmqTransport: the peers that dial it.
#include <optional>
#include <utility>

#include "core/log.h"
#include "transport/address.h"
#include "transport/log_peer.h"
#include "transport/zmq/zmq_thread.h"

namespace anabranch::transport {

namespace {

constexpr std::size_t kRoutingIdSize = 5;

}  // namespace

// Messages are read before the monitor, and handled after it: when a new connection has got the
// descriptor of a broken one, the descriptor is then known to be free. Those that this turn does
// not get to stay for the next.
void ZmqTransport::read_router() {
  receive_messages(*router_, true, [&](Incoming incoming) {
    if (!accepted_.is_ignored(incoming.routing_id)) waiting_.push(std::move(incoming));
  });
  while (const auto routing_id = waiting_.too_much()) {
    const Incoming last = waiting_.drop(*routing_id);
    refuse(last, kTooMuchWaits);
    guard_.shut(last.descriptor());
  }
  while (const auto event = router_.next()) {
    guard_.on_event(*event);
    const AcceptedLink* link = accepted_.at_descriptor(event->descriptor);
    if (link != nullptr) end_accepted(link->id);
  }
  while (has_turn() && !waiting_.empty()) {
    const Incoming incoming = waiting_.pop();
    if (!accepted_.is_ignored(incoming.routing_id)) take_accepted(incoming);
  }
  end_turn();
}

void ZmqTransport::take_accepted(const Incoming& incoming) {
  const core::Result<Frame> frame = incoming.decode();
  if (!frame.ok()) return refuse(incoming, frame.failure().message);
  AcceptedLink* link = accepted_.find(incoming.routing_id);
  if (link == nullptr) link = accept(incoming);
  if (link == nullptr) return refuse(incoming, "a routing id or key that is not taken");
  if (guard_.user_id(incoming) != link->user_id) return refuse(incoming, "another key");
  core::Result<std::optional<Message>> message =
      add(link->id, link->user_id.empty() ? link->address : link->user_id, link->assembler,
          frame.value());
  if (!message.ok()) return refuse(incoming, message.failure().message);
  count_received(incoming);
  const auto now = Clock::now();
  link->hearing.refresh(now);
  guard_.hear(link->descriptor, now);
  if (link->assembler.is_partial()) emit_part(link->id, link->hearing, now);
  if (std::optional<Message>& whole = message.value(); whole) {
    emit_whole(link->id, link->hearing, *std::move(whole));
  }
  bound_bodies();
}

// Returns a new link, or null for a peer with a key that is no longer valid, or with a routing id
// of its own choice: such ids can recur.
AcceptedLink* ZmqTransport::accept(const Incoming& incoming) {
  const std::string& routing_id = incoming.routing_id;
  if (routing_id.size() != kRoutingIdSize || routing_id.front() != '\0') return nullptr;
  AcceptedLink link;
  link.id = ++last_number_;
  link.routing_id = routing_id;
  link.descriptor = incoming.descriptor();
  link.address = incoming.peer_address();
  link.is_local = is_loopback_host(link.address);
  link.user_id = guard_.user_id(incoming);
  const std::optional<std::string> region = guard_.region(link.user_id);
  if (!region) return nullptr;
  // Two connections cannot have one descriptor: the older one is over.
  const AcceptedLink* older = accepted_.at_descriptor(link.descriptor);
  if (older != nullptr) end_accepted(older->id);
  emit({.kind = Event::Kind::kUp, .link = link.id, .body = {}, .address = {}, .region = *region});
  return &accepted_.add(std::move(link));
}

// Counts a malformed message and gives up its link, if there is one already.
void ZmqTransport::refuse(const Incoming& incoming, const std::string& why) {
  const std::string address = incoming.peer_address();
  warnings_.warn("ignoring a connection from " + (address.empty() ? "nowhere" : address) +
                 ": it sent " + why);
  ++counters_.frames_rejected;
  const AcceptedLink* link = accepted_.find(incoming.routing_id);
  if (link != nullptr) return end_accepted(link->id);
  accepted_.ignore(incoming.routing_id);
  send_to_router(incoming.routing_id, {});
}

void ZmqTransport::end_accepted(LinkId link) {
  send_to_router(accepted_.find(link)->routing_id, {});
  accepted_.end(link);
  partial_bodies_.note(link, {}, 0);
  emit({.kind = Event::Kind::kDown, .link = link, .body = {}, .address = {}});
}

}  // namespace anabranch::transport
