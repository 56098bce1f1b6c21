// Peers that speak another protocol than a store: a transport without a leader that greets with
// another number and sends messages that the store cannot read.
#include <algorithm>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include <anabranch/anabranch.h>

#include "regions/wire/message.h"
#include "tests/leader/store_world.h"
#include "tests/printed.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::test::protocol_test {
namespace {

using transport::Event;

constexpr std::uint64_t kOther = regions::Greeting::kProtocol + 1;

class OtherProtocol {
 public:
  explicit OtherProtocol(const transport::ZmqOptions& options)
      : transport_(transport::open_zmq_transport(options).value_or_raise()) {}

  [[nodiscard]] std::string endpoint() const { return transport_->endpoint(); }
  [[nodiscard]] int links() const { return links_; }
  [[nodiscard]] int greetings() const { return greetings_; }

  // Answers all that has come: with a greeting, and with a message that means nothing.
  void turn() {
    for (const Event& event : transport_->receive(std::size_t{1} << 20U)) {
      links_ += event.kind == Event::Kind::kUp ? 1 : 0;
      greetings_ += event.kind == Event::Kind::kMessage && event.message_kind == 1 ? 1 : 0;
      transport_->send(event.link, 1, greeting());
      transport_->send(event.link, 2, "nothing");
    }
  }

 private:
  static std::string greeting() {
    regions::Greeting greeting;
    greeting.protocol = kOther;
    greeting.region = "us";
    return regions::encode_message(greeting);
  }

  std::unique_ptr<transport::Transport> transport_;
  int links_ = 0;
  int greetings_ = 0;
};

// Has a peer greeted three times by a store, which keeps the link, and refuses it once.
void meet(OtherProtocol& peer, const Store& store) {
  CHECK(eventually([&] {
    peer.turn();
    return peer.greetings() == 3;
  }));
  CHECK(peer.links() == 1);
  CHECK(store.status().refused.greetings == 1);
  CHECK(store.status().refused.malformed_frames == 0);
}

std::string ending() {
  return " speaks protocol " + std::to_string(kOther) + ", this leader protocol " +
         std::to_string(regions::Greeting::kProtocol) + "; nothing is exchanged with it\n";
}

}  // namespace

TEST_SUITE("leader: protocol") {
  TEST_CASE("a dialled peer of another protocol costs one line with both numbers") {
    const TempDir folder;
    std::string address;
    const std::string log = printed([&] {
      OtherProtocol us({.listen = "tcp://127.0.0.1:0", .peers = {}});
      Options options = store_options(folder, "eu");
      options.peers = {address = us.endpoint()};
      const Store eu = Store::open(options);
      meet(us, eu);
    });
    CAPTURE(log);
    CHECK(std::ranges::count(log, '\n') == 1);
    CHECK(log.ends_with("eu: region us at " + address + ending()));
  }

  TEST_CASE("a peer of another protocol that dials costs one line with both numbers") {
    const TempDir folder;
    const std::string log = printed([&] {
      const Store eu = Store::open(listening(folder, "eu"));
      OtherProtocol us({.listen = {}, .peers = {eu.status().endpoint}});
      meet(us, eu);
    });
    CAPTURE(log);
    CHECK(std::ranges::count(log, '\n') == 1);
    CHECK(log.ends_with("eu: region us, which dialled this leader," + ending()));
  }

  TEST_CASE("what cannot be read is told of a leader otherwise than of a stranger") {
    bool greets = false;
    std::string why = "it sent a message that means nothing\n";
    SUBCASE("a stranger") {}
    SUBCASE("a leader") {
      greets = true;
      why = "it sent a message that cannot be read here\n";
    }
    const TempDir folder;
    const std::string log = printed([&] {
      const Store eu = Store::open(listening(folder, "eu"));
      const auto us = transport::open_zmq_transport({.listen = {}, .peers = {eu.status().endpoint}})
                          .value_or_raise();
      const regions::Message greeting = regions::Greeting{.mesh = core::digest128("anabranch"),
                                                          .region = "us",
                                                          .origin = 7,
                                                          .nonce = 8,
                                                          .applied = {},
                                                          .kinds = 0};
      CHECK(eventually([&] {
        for (const Event& event : us->receive(std::size_t{1} << 20U)) {
          if (event.kind != Event::Kind::kUp) continue;
          if (greets) us->send(event.link, 1, regions::encode_message(greeting));
          us->send(event.link, 2, "nothing");
        }
        return eu.status().refused.malformed_frames > 0;
      }));
    });
    CAPTURE(log);
    CHECK(log.find(why) != log.npos);
  }
}

}  // namespace anabranch::test::protocol_test
