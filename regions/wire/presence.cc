#include "regions/wire/presence.h"

#include "transport/keys.h"

namespace anabranch::regions {

namespace {

bool is_time(core::Millis time) { return time >= 0 && time <= Presence::kTimeMax; }

}  // namespace

void write_presence(core::Writer& out, const Presence& message) {
  out.array(8).uint64(message.opening).uint64(message.number).uint64(message.hops);
  out.int64(message.age_ms).int64(message.sent_ms);
  out.text(message.region).bin(message.channel).bin(message.body);
}

Presence read_presence(core::Reader& in) {
  Presence message;
  const std::size_t newer = in.array_of(8);
  message.opening = in.uint64();
  message.number = in.uint64();
  message.hops = in.uint64();
  message.age_ms = in.int64();
  message.sent_ms = in.int64();
  message.region = in.text();
  message.channel = in.bin();
  message.body = in.bin();
  in.skip(newer);
  if (!in.ok()) return message;
  if (message.number == 0 || !transport::is_region_name(message.region)) {
    in.fail("a message of presence names nobody");
  } else if (message.hops == 0 || message.hops > Presence::kHopsMax) {
    in.fail("a message of presence has gone too far");
  } else if (!is_time(message.age_ms) || !is_time(message.sent_ms)) {
    in.fail("a message of presence has no such age");
  } else if (message.channel.empty() || message.channel.size() > Presence::kChannelBytesMax ||
             message.body.size() > Presence::kBodyBytesMax) {
    in.fail("a message of presence is too long, or of no channel");
  }
  return message;
}

}  // namespace anabranch::regions
