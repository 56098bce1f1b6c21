// Peers that send few bytes that cost much: bodies that grow when they are decompressed, and
// messages of parts without end.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/transport/event_log.h"
#include "tests/transport/zmq/foreign_peer.h"
#include "transport/compression.h"
#include "transport/frame.h"
#include "transport/inbox.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::transport::packed_messages_test {

using std::chrono::seconds;
using test::EventLog;
using test::ForeignDealer;
using test::port_of;

TEST_SUITE_BEGIN("transport: packed messages");

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr std::size_t kCount = 400;
constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

// A body of a mebibyte that begins with its number.
std::string large(std::size_t number) {
  std::string body = std::to_string(number) + ' ';
  body.resize(kMiB, 'z');
  return body;
}

std::string packed(std::uint8_t kind, const std::string& body) {
  Compressor compressor;
  return encode_whole(kind, compressor.compress(body).value(), BodyForm::kCompressed);
}

// A frame as ZMTP sends a long one, so that many of them can be sent at once.
std::string on_wire(const std::string& frame) {
  std::string bytes(1, '\2');
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(frame.size() >> static_cast<unsigned>(shift)));
  }
  return bytes + frame;
}

// Answers the heartbeats of a link, which lasts as long as this.
class Pongs {
 public:
  // Nothing else may be sent meanwhile.
  explicit Pongs(const ForeignDealer& dealer)
      : thread_([this, &dealer] {
          while (!ends_ && dealer.send_pong()) std::this_thread::sleep_for(seconds{1});
        }) {}
  ~Pongs() {
    ends_ = true;
    thread_.join();
  }
  Pongs(const Pongs&) = delete;
  Pongs& operator=(const Pongs&) = delete;

 private:
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

// Waits until more than a full inbox has come; then until all that was sent before has had its
// turn, as far as turns go on: `answer` goes the other way.
template <typename Answer>
void wait_full(const Transport& transport, const Answer& answer) {
  const auto deadline = std::chrono::steady_clock::now() + seconds{60};
  while (transport.counters().frames_received <= Inbox::kBytesMax / kMiB) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
  REQUIRE(answer());
}

// The most that may have come: of bodies of a mebibyte a full inbox, and one turn, behind a hello.
constexpr std::uint64_t kMost = 1 + 64 + 8 + 1;

// Whether all have come, in their order, behind the hello.
bool came_in_order(EventLog& log) {
  if (!log.wait_messages(1 + kCount)) return false;
  std::size_t next = 0;
  for (const Event& event : log.events()) {
    const bool is_large = event.kind == Event::Kind::kMessage && event.message_kind == 4;
    if (is_large && event.body != large(next++)) return false;
  }
  return next == kCount;
}

}  // namespace

TEST_CASE("of small frames with large bodies no more is taken than of large frames") {
  std::string all;
  for (std::size_t i = 0; i < kCount; ++i) all += on_wire(packed(4, large(i)));
  const auto eu = open_zmq_transport({.listen = kAnyPort, .peers = {}}).value_or_raise();
  const ForeignDealer dealer{port_of(eu->endpoint())};
  EventLog at_eu{*eu};
  REQUIRE(dealer.send({encode_whole(5, "hello", BodyForm::kPlain)}));
  const LinkId link = at_eu.wait_up();
  REQUIRE(at_eu.wait_body("hello"));
  REQUIRE(dealer.connection().send(all));
  const Pongs pongs{dealer};
  wait_full(*eu, [&] {
    eu->send(link, 5, "an answer");
    return dealer.receive(seconds{60}).has_value();
  });
  CHECK(eu->counters().frames_received <= kMost);
  CHECK(came_in_order(at_eu));
}

// Frames of a body of 4 MiB without the last one, and the last one.
struct Parted {
  std::vector<std::string> frames;

  explicit Parted(std::uint64_t stream) {
    encode_frames(4, std::string(4 * kMiB, 'b'), BodyForm::kPlain, stream,
                  [&](std::string frame) { frames.push_back(std::move(frame)); });
  }
  [[nodiscard]] std::string most() const {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < frames.size(); ++i) bytes += on_wire(frames[i]);
    return bytes;
  }
};

TEST_CASE("of bodies that have come in part all links together hold so much, and others end") {
  const auto eu =
      open_zmq_transport({.listen = kAnyPort, .peers = {}, .partial_bytes_max = 9 * kMiB})
          .value_or_raise();
  EventLog at_eu{*eu};
  const Parted body{1};
  const ForeignDealer first{port_of(eu->endpoint())};
  const ForeignDealer second{port_of(eu->endpoint())};
  const ForeignDealer third{port_of(eu->endpoint())};
  std::uint64_t frames = 0;
  const auto begin = [&](const ForeignDealer& dealer) {
    (void)dealer.connection().send(body.most());  // It may be cut before.
    frames += body.frames.size() - 1;
    const auto deadline = std::chrono::steady_clock::now() + seconds{60};
    while (eu->counters().frames_received < frames && eu->counters().frames_rejected == 0) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::yield();
    }
  };
  begin(first);
  begin(second);
  CHECK(eu->counters().frames_rejected == 0);
  begin(third);
  CHECK(third.connection().wait_closed(seconds{60}));
  REQUIRE(first.send({body.frames.back()}));
  REQUIRE(second.send({body.frames.back()}));
  CHECK(at_eu.wait_messages(2));
  CHECK(eu->counters().frames_rejected >= 1);
}

TEST_CASE("no more is taken of a peer that was dialled either") {
  const auto eu =
      open_zmq_transport({.listen = kAnyPort, .peers = {}, .compression = Compression::kAlways})
          .value_or_raise();
  const auto us = open_zmq_transport({.listen = {}, .peers = {eu->endpoint()}}).value_or_raise();
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  us->send(link, 5, "hello");
  const LinkId accepted = at_eu.wait_up();
  eu->send(accepted, 5, "hello");
  REQUIRE(at_us.wait_body("hello"));
  for (std::size_t i = 0; i < kCount; ++i) eu->send(accepted, 4, large(i));
  wait_full(*us, [&] {
    us->send(link, 5, "an answer");
    return at_eu.wait_body("an answer");
  });
  CHECK(us->counters().frames_received <= kMost);
  CHECK(came_in_order(at_us));
}

TEST_CASE("the end does not wait for messages that were read") {
  auto eu = open_zmq_transport({.listen = kAnyPort, .peers = {}}).value_or_raise();
  const ForeignDealer dealer{port_of(eu->endpoint())};
  const std::string frame = on_wire(packed(4, std::string(16 * kMiB, 'z')));
  std::string all;
  for (std::size_t i = 0; i < 200; ++i) all += frame;
  REQUIRE(dealer.connection().send(all));
  const auto deadline = std::chrono::steady_clock::now() + seconds{60};
  while (eu->counters().frames_received == 0) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t processor = std::clock();  // Other tests run beside.
  eu.reset();
  CHECK(std::clock() - processor < 2 * CLOCKS_PER_SEC);
  CHECK(std::chrono::steady_clock::now() - start < seconds{20});
}

TEST_CASE("a body over the bound of its kind is refused, packed or not, and others pass") {
  const BodyBytesMax bound = [](std::uint8_t kind) {
    return kind == 2 ? std::size_t{1000} : kMessageSizeMax;
  };
  const auto eu = open_zmq_transport({.listen = kAnyPort, .peers = {}, .body_bytes_max = bound})
                      .value_or_raise();
  EventLog at_eu{*eu};
  std::string frame = packed(2, std::string(1001, 'z'));
  SUBCASE("packed") {}
  SUBCASE("plain") { frame = encode_whole(2, std::string(1001, 'z'), BodyForm::kPlain); }
  SUBCASE("a first chunk") {
    BodyFrames frames(2, std::string(kSentBodyMax + 1, 'z'), BodyForm::kPlain, 1);
    frame = frames.next();
  }
  const ForeignDealer dealer{port_of(eu->endpoint())};
  REQUIRE(dealer.send({packed(2, std::string(1000, 'z'))}));
  REQUIRE(dealer.send({packed(3, large(0))}));
  REQUIRE(at_eu.wait_body(large(0)));
  CHECK(eu->counters().frames_rejected == 0);
  REQUIRE(dealer.send({frame}));
  CHECK(dealer.receive(seconds{60}) == "");
  CHECK(eu->counters().frames_rejected == 1);
  CHECK(at_eu.wait_down() != 0);
  CHECK(eu->counters().frames_received == 2);
}

// libzmq keeps the parts until the last one, and for an empty one as much memory as for any.
TEST_CASE("a message of empty parts is cut before it is large") {
  const auto eu = open_zmq_transport({.listen = kAnyPort, .peers = {}}).value_or_raise();
  const ForeignDealer dealer{port_of(eu->endpoint())};
  std::string parts;
  for (std::size_t i = 0; i < 3 * kMiB; ++i) parts += std::string("\1\0", 2);
  (void)dealer.connection().send(parts);  // It may be cut before.
  CHECK(dealer.connection().wait_closed(seconds{60}));
  CHECK(eu->counters().messages_endless == 1);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::packed_messages_test
