#include "transport/zmq/dialled.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "transport/log_peer.h"

namespace anabranch::transport {

void Dialled::is_of_use() {
  redial.be_of_use();
  complaint.clear();
  if (!absence_.since()) return;
  absence_.end();
  publish();
}

void Dialled::was_not_reached(std::chrono::milliseconds pause) {
  const auto now = Clock::now();
  next_try_ = now + pause;
  hung_up_ = false;
  absence_.failed(now);
  probe_.ask(address, now);
  if (std::optional<std::string> why = probe_.take()) absence_.because(*std::move(why));
  if (probe_.asking()) return publish();  // The probe will report the reason in a moment.
  say_away();
}

void Dialled::is_over(const std::string& why, bool said) {
  const auto now = Clock::now();
  if (link != 0) {
    absence_.begin(now);
  } else {
    absence_.failed(now);
  }
  absence_.answered();
  absence_.because(why);
  if (said) absence_.said(now);
  const bool was_up = std::exchange(link, 0) != 0;
  // A process that is just starting or ending hangs up once, whatever it wants.
  const bool perhaps_ending = !was_up && !std::exchange(hung_up_, true);
  assembler = {};
  out = {};
  descriptor = -1;
  socket.close();
  redial.fail(now);
  next_try_ = redial.at();
  if (was_up || perhaps_ending) return publish();  // The next attempt shows whether it is away.
  say_away();
}

std::string Dialled::why_refused(int event) const {
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    return key ? "it does not know the key of this region, or not as valid"
               : "it lets nobody in without a key";
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
    return key ? "it speaks without keys, or another protocol"
               : "it wants keys, which this leader does not have, or speaks another protocol";
  }
  return key ? "it has not proven to be region " + region
             : "it hung up during the handshake: it wants keys, which this leader does not have, "
               "or speaks another protocol";
}

void Dialled::say_away() {
  const auto line = absence_.line(address, Clock::now());
  const LogPeer about(name());
  if (line) line->warns ? core::log_warning(here, line->text) : core::log_info(here, line->text);
  publish();
}

void Dialled::publish() {
  const std::lock_guard lock(published_->mutex);
  published_->status.address = address;
  published_->status.connected = link != 0;
  published_->status.why = absence_.why();
  published_->status.tries = absence_.tries();
  published_->since = absence_.since();
  published_->next_try = next_try_;
}

DialStatus Dialled::status() const {
  const std::lock_guard lock(published_->mutex);
  const auto in_ms = [](Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  DialStatus status = published_->status;
  status.address = address;
  const auto now = Clock::now();
  if (published_->since) status.away_ms = in_ms(now - *published_->since);
  if (!status.connected) {
    status.next_try_ms = std::max<std::int64_t>(0, in_ms(published_->next_try - now));
  }
  return status;
}

}  // namespace anabranch::transport
