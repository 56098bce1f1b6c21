#include "regions/message.h"

#include <array>

#include "core/codec.h"
#include "regions/wire.h"

namespace anabranch::regions {

namespace {

using core::Reader;
using core::Writer;

void write(Writer& out, const Greeting& message) {
  out.array(6).uint64(message.protocol);
  write_hash(out, message.mesh);
  out.text(message.region).uint64(message.origin).uint64(message.nonce);
  write_vector(out, message.applied);
}

void write(Writer& out, const Heartbeat& message) {
  out.array(3);
  write_vector(out, message.applied);
  write_vector(out, message.durable);
  out.uint64(message.hlc.bits);
}

void write(Writer& out, const Subscribe& message) {
  out.array(3).uint64(message.stream).uint64(message.window);
  write_vector(out, message.from);
}

void write(Writer& out, const BatchMessage& message) {
  out.array(2).uint64(message.stream).bin(message.bytes);
}

void write(Writer& out, const Ack& message) {
  out.array(4).uint64(message.stream).uint64(message.taken);
  write_vector(out, message.applied);
  write_vector(out, message.durable);
}

Message read_greeting(Reader& in) {
  Greeting message;
  const std::size_t newer = in.array_of(6);
  message.protocol = in.uint64();
  if (in.ok() && message.protocol != Greeting::kProtocol) {
    in.fail("the peer speaks protocol " + std::to_string(message.protocol) + ", this leader " +
            std::to_string(Greeting::kProtocol));
  }
  message.mesh = read_hash(in);
  message.region = in.text();
  message.origin = in.uint64();
  message.nonce = in.uint64();
  message.applied = read_vector(in);
  in.skip(newer);
  if (message.origin == 0 || message.region.empty()) in.fail("a greeting names nobody");
  return message;
}

Message read_heartbeat(Reader& in) {
  Heartbeat message;
  const std::size_t newer = in.array_of(3);
  message.applied = read_vector(in);
  message.durable = read_vector(in);
  message.hlc = {in.uint64()};
  in.skip(newer);
  return message;
}

Message read_subscribe(Reader& in) {
  Subscribe message;
  const std::size_t newer = in.array_of(3);
  message.stream = in.uint64();
  message.window = in.uint64();
  message.from = read_vector(in);
  in.skip(newer);
  return message;
}

Message read_batch(Reader& in) {
  BatchMessage message;
  const std::size_t newer = in.array_of(2);
  message.stream = in.uint64();
  message.bytes = in.bin();
  in.skip(newer);
  return message;
}

Message read_ack(Reader& in) {
  Ack message;
  const std::size_t newer = in.array_of(4);
  message.stream = in.uint64();
  message.taken = in.uint64();
  message.applied = read_vector(in);
  message.durable = read_vector(in);
  in.skip(newer);
  return message;
}

// One row per kind, in the order of the variant; a kind's number is its index plus one.
constexpr std::array<Message (*)(Reader&), std::variant_size_v<Message>> kReaders = {
    read_greeting, read_heartbeat, read_subscribe, read_batch, read_ack};

}  // namespace

std::uint8_t kind_of(const Message& message) {
  return static_cast<std::uint8_t>(message.index() + 1);
}

std::string encode_message(const Message& message) {
  std::string body;
  if (const auto* batch = std::get_if<BatchMessage>(&message))
    body.reserve(batch->bytes.size() + 32);
  Writer out(body);
  std::visit([&](const auto& each) { write(out, each); }, message);
  return body;
}

core::Result<Message> decode_message(std::uint8_t kind, std::string_view body) {
  if (kind == 0 || kind > kReaders.size()) {
    return core::corrupt("unknown kind of message " + std::to_string(kind));
  }
  Reader in(body);
  Message message = kReaders[kind - 1U](in);
  if (!in.done()) return in.failure();
  return message;
}

}  // namespace anabranch::regions
