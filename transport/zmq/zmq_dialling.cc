// Part of ZmqTransport: the peers that it dials.
#include <algorithm>
#include <utility>

#include "core/log.h"
#include "transport/address.h"
#include "transport/log_peer.h"
#include "transport/zmq/tcp_socket.h"
#include "transport/zmq/zmq_thread.h"

namespace anabranch::transport {

void ZmqTransport::dial_due() {
  const auto now = Clock::now();
  names_.calm();
  for (Dialled& dialled : dialled_) {
    if (dialled.has_moved(now, check_names_every_)) hang_up(dialled, "its name leads elsewhere");
    if (!dialled.socket && dialled.is_due(now)) dial(dialled);
  }
  flush_events();
}

// A leader that is not the one that is looked for has answered there.
void ZmqTransport::redial(const Request& request) {
  Dialled* const dialled = find_dialled(request.link);
  bool is_new = false;
  if (dialled == nullptr || !dialled->misleads(request.body, is_new)) return;
  hang_up(*dialled, "it " + request.body, is_new);
}

void ZmqTransport::dial(Dialled& dialled) try {
  WatchedSocket socket{context_, zmq::socket_type::dealer, Dialled::kEvents, ++last_number_};
  set_options(*socket, dialled.name.number());
  const auto key = guard_.prepare_dialler(*socket, dialled.region, dialled.failures);
  if (!key.ok()) return warn(dialled, key.failure().message);
  dialled.key = key.value();
  socket->connect(dialled.name.number());
  dialled.socket = std::move(socket);
} catch (const zmq::error_t& error) {
  warn(dialled, error.what());
}

// Messages are read before the monitor: if it then reports a break and a new connection, messages
// read later could belong to either. Those that this turn does not get to stay for the next.
void ZmqTransport::read_dialled(Dialled& dialled) {
  WaitingFrames& waiting = dialled.waiting;
  receive_messages(*dialled.socket, false,
                   [&](Incoming incoming) { waiting.push(std::move(incoming)); });
  int broken = 0;  // The first event that reports a break.
  while (const auto event = dialled.socket.next()) {
    if (event->id == ZMQ_EVENT_CONNECT_RETRIED) {
      if (broken == 0) dialled.was_not_reached(std::chrono::milliseconds(event->descriptor));
      if (!dialled.socket) return end_turn();
    } else if (event->id == ZMQ_EVENT_CONNECTED) {
      dialled.descriptor = event->descriptor;
      dialled.began_at = Clock::now();
      limit_unsent(event->descriptor);
    } else if (event->id != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      if (broken == 0) dialled.handshake_error = event->descriptor;
      if (broken == 0) broken = event->id;
    } else if (broken != 0) {
      waiting.clear();
    } else {
      dialled.link = ++last_number_;
      dialled.hearing.refresh(Clock::now());
      dialled.is_up();
      emit({.kind = Event::Kind::kUp,
            .link = dialled.link,
            .body = {},
            .address = dialled.address,
            .region = dialled.region});
    }
  }
  if (waiting.too_much()) {
    ++counters_.frames_rejected;
    warn(dialled, std::string("it sent ") + kTooMuchWaits);
  }
  while (has_turn() && !waiting.empty()) {
    const Incoming incoming = waiting.pop();
    if (!take_dialled(dialled, incoming)) break;
  }
  if (broken != 0 && dialled.socket) lost(dialled, broken);
  end_turn();
}

// Hangs up after the event `reason`.
void ZmqTransport::lost(Dialled& dialled, int reason) {
  if (dialled.link != 0) return hang_up(dialled, "the connection broke");
  if (!dialled.key) return hang_up(dialled, dialled.why_refused(reason));
  ++dialled.failures;  // The next attempt expects the region's next key.
  warn(dialled, dialled.why_refused(reason));
}

// Handles a message of a dialled peer. Returns false when the link is over.
bool ZmqTransport::take_dialled(Dialled& dialled, const Incoming& incoming) {
  if (incoming.frame.size() == 0 && !incoming.has_more_parts) {
    dialled.redial.slow_down();
    hang_up(dialled, "it gave the link up");
    return false;
  }
  const core::Result<Frame> frame = incoming.decode();
  core::Result<std::optional<Message>> message =
      frame.ok() ? add(dialled.link, dialled.address, dialled.assembler, frame.value())
                 : frame.failure();
  if (!message.ok()) {
    ++counters_.frames_rejected;
    warn(dialled, "it sent " + message.failure().message);
    return false;
  }
  count_received(incoming);
  const auto now = Clock::now();
  dialled.hearing.refresh(now);
  dialled.is_of_use();
  if (dialled.assembler.is_partial()) emit_part(dialled.link, dialled.hearing, now);
  if (std::optional<Message>& whole = message.value(); whole) {
    emit_whole(dialled.link, dialled.hearing, *std::move(whole));
  }
  bound_bodies();
  return true;
}

// Closes the socket; dial_due() makes another.
void ZmqTransport::hang_up(Dialled& dialled, const std::string& why, bool said) {
  if (dialled.link != 0) {
    dialled.say_lost(why, said);
    emit({.kind = Event::Kind::kDown, .link = dialled.link, .body = {}, .address = {}});
    partial_bodies_.note(dialled.link, {}, 0);
  }
  dialled.is_over(why, said);
}

// Hangs up on a peer that is of no use, and logs the reason unless it is that of the last
// complaint.
void ZmqTransport::warn(Dialled& dialled, const std::string& why) {
  const LogPeer about(dialled.called());
  const bool is_new = std::exchange(dialled.complaint, why) != why;
  if (is_new) core::log_warning(region_, "hung up on " + dialled.address + ": " + why);
  dialled.redial.slow_down();
  hang_up(dialled, why, is_new);
}

Dialled* ZmqTransport::find_dialled(LinkId link) {
  const auto at = std::ranges::find(dialled_, link, &Dialled::link);
  return at == dialled_.end() || link == 0 ? nullptr : &*at;
}

}  // namespace anabranch::transport
