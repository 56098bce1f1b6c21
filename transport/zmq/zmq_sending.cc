// Part of ZmqTransport: the messages that it sends, and the links that it ends.
#include <algorithm>
#include <utility>

#include "core/log.h"
#include "transport/address.h"
#include "transport/log_peer.h"
#include "transport/zmq/zmq_thread.h"

namespace anabranch::transport {

namespace {

constexpr const char* kTakesNothing = "it asks and asks, and takes no answer";

}  // namespace

OutLink* ZmqTransport::find_out(LinkId link) {
  if (Dialled* dialled = find_dialled(link); dialled != nullptr) return &dialled->out;
  AcceptedLink* accepted = accepted_.find(link);
  return accepted == nullptr ? nullptr : &accepted->out;
}

void ZmqTransport::queue(Request& request) {
  OutLink* const out = find_out(request.link);
  if (out == nullptr) {
    ++counters_.sends_failed;
    return;
  }
  out->queue().push(request.message_kind, std::move(request.body), request.turn);
  sending_.insert(request.link);
  if (out->takes_nothing()) return end(request.link, kTakesNothing);
  if (out->queue().note_bytes() > OutLink::kFewNotes) bound_notes();
}

void ZmqTransport::bound_notes() {
  std::size_t all = 0;
  std::pair<std::size_t, LinkId> most;
  const auto count = [&](LinkId id, OutLink& out) {
    const std::size_t bytes = out.queue().note_bytes();
    all += bytes;
    most = std::max(most, {bytes, id});
  };
  for (Dialled& each : dialled_) count(each.link, each.out);
  for (auto& [id, link] : accepted_.all()) count(id, link.out);
  if (all > OutLink::kAllNotesMax) end(most.second, kTakesNothing);
}

void ZmqTransport::drop_waiting(const Request& request) {
  OutLink* const out = find_out(request.link);
  if (out == nullptr) return;
  out->queue().drop(request.turn.lane, request.turn.stream);
  sending_.insert(request.link);
}

// Hands over what waits and may be handed over now, a bounded amount for each link.
void ZmqTransport::flush_links() {
  next_flush_ = Clock::time_point::max();
  for (auto at = sending_.begin(); at != sending_.end();) {
    const LinkId link = *at;
    const bool goes_on = flush(link);
    at = goes_on ? std::next(at) : sending_.erase(at);
  }
  flush_events();
}

// Returns whether there is more to do for a link.
bool ZmqTransport::flush(LinkId link) {
  Dialled* const dialled = find_dialled(link);
  AcceptedLink* const accepted = accepted_.find(link);
  if (dialled == nullptr && accepted == nullptr) return false;
  OutLink& out = dialled != nullptr ? dialled->out : accepted->out;
  const bool packs =
      compresses(compression_, dialled != nullptr ? dialled->is_local : accepted->is_local);
  const auto now = Clock::now();
  const auto flushed =
      out.flush(outbox_, packs ? &compressor_ : nullptr, now, [&](zmq::message_t message) {
        const std::size_t size = message.size();
        const bool is_sent =
            dialled != nullptr
                ? dialled->socket->send(message, zmq::send_flags::dontwait).has_value()
                : send_to_router(accepted->routing_id, std::move(message));
        if (!is_sent) return false;
        ++counters_.frames_sent;
        counters_.bytes_sent += size;
        return true;
      });
  if (flushed == OutLink::Flushed::kBroken) {
    ++counters_.sends_failed;
    // ZeroMQ is about to tell that the connection of a dialled peer is gone.
    if (accepted != nullptr) end_accepted(link);
    return false;
  }
  if (flushed == OutLink::Flushed::kMore) next_flush_ = now;
  return tell_left(link, out, now) || !out.queue().empty();
}

// Tells how much has left. Returns whether it is to be told later.
bool ZmqTransport::tell_left(LinkId link, OutLink& out, Clock::time_point now) {
  bool is_later = false;
  for (const Lane lane : {Lane::kBatch, Lane::kSnapshot}) {
    if (out.tells(lane, now)) {
      emit({.kind = Event::Kind::kLeft,
            .link = link,
            .body = {},
            .address = {},
            .lane = lane,
            .weight = out.queue().left(lane)});
    }
    if (!out.is_untold(lane)) continue;
    is_later = true;
    next_flush_ = std::min(next_flush_, out.tells_at(lane));
  }
  return is_later;
}

// Sends a frame. Returns false when the connection is gone.
bool ZmqTransport::send_to_router(const std::string& routing_id, zmq::message_t frame) try {
  constexpr auto kMore = zmq::send_flags::sndmore | zmq::send_flags::dontwait;
  return router_->send(zmq::buffer(routing_id), kMore).has_value() &&
         router_->send(frame, zmq::send_flags::dontwait).has_value();
} catch (const zmq::error_t&) {
  return false;
}

void ZmqTransport::give_up(LinkId link, const std::string& why) {
  ++counters_.frames_rejected;
  end(link, why);
}

// Ends a link for a reason that is the peer's.
void ZmqTransport::end(LinkId link, const std::string& why) {
  if (Dialled* const dialled = find_dialled(link); dialled != nullptr) return warn(*dialled, why);
  const AcceptedLink* const accepted = accepted_.find(link);
  if (accepted == nullptr) return;
  warnings_.warn("gave up the link of " + name_of(*accepted) + ": " + why);
  guard_.shut(accepted->descriptor);
  end_accepted(link);
}

}  // namespace anabranch::transport
