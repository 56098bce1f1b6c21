#include "transport/zmq/dialled.h"

#include <utility>

#include "core/log.h"

namespace anabranch::transport {

void Dialled::is_of_use() {
  redial.be_of_use();
  complaint.clear();
  if (!absence_.since()) return;
  absence_.end();
  publish();
}

void Dialled::was_not_reached() {
  const auto now = Clock::now();
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
  absence_.because(why);
  if (said) absence_.said(now);
  const bool was_up = std::exchange(link, 0) != 0;
  assembler = {};
  socket.close();
  redial.fail(now);
  if (was_up) return publish();  // The next attempt shows whether it is away.
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
  const std::string line = absence_.line(address, Clock::now());
  if (!line.empty()) core::log_warning(here, line);
  publish();
}

void Dialled::publish() {
  const std::lock_guard lock(published_->mutex);
  published_->status.address = address;
  published_->status.connected = link != 0;
  published_->status.why = absence_.why();
  published_->status.tries = absence_.tries();
  published_->since = absence_.since();
}

DialStatus Dialled::status() const {
  const std::lock_guard lock(published_->mutex);
  DialStatus status = published_->status;
  status.address = address;
  if (published_->since) {
    const auto away = Clock::now() - *published_->since;
    status.away_ms = std::chrono::duration_cast<std::chrono::milliseconds>(away).count();
  }
  return status;
}

}  // namespace anabranch::transport
