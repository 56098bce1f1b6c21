// Peers that ask for more than anybody needs: a transport without a leader that floods a store.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include <anabranch/anabranch.h>

#include "regions/wire/message.h"
#include "tests/leader/store_world.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::test::flood_test {
namespace {

using transport::Event;

constexpr core::Origin kPeer = 77;
constexpr int kValues = 100;
constexpr std::size_t kValueBytes = 100'000;
// Each stream that begins reads the log: with sanitizers 20 ms of the processor, which would pace
// nothing where that takes longer than the peer has to wait.
#ifdef ANABRANCH_SANITIZED
constexpr std::uint64_t kLast = 200;
#else
constexpr std::uint64_t kLast = 2000;
#endif

// A peer that has greeted, with all that it has heard.
class Peer {
 public:
  // For a store that dials it.
  Peer()
      : transport_(transport::open_zmq_transport({.listen = "tcp://127.0.0.1:*", .peers = {}})
                       .value_or_raise()) {}
  [[nodiscard]] std::string endpoint() const { return transport_->endpoint(); }

  void greet() {
    REQUIRE(eventually([&] {
      take();
      return greeting_.origin != 0;
    }));
    regions::Greeting own;
    own.mesh = greeting_.mesh;
    own.region = "us";
    own.origin = kPeer;
    own.nonce = 5;
    send(own);
  }

  // Asks for all writes of the store, and would take any number of bytes at once.
  void subscribe(std::uint64_t stream) {
    regions::Subscribe wanted;
    wanted.stream = stream;
    wanted.window = std::uint64_t{1} << 63U;
    wanted.from.set(greeting_.origin, 1);
    send(wanted);
  }
  // Takes what has come.
  void take() {
    for (const Event& event : transport_->receive(std::size_t{64} << 20U)) {
      if (event.kind == Event::Kind::kUp) link_ = event.link;
      if (event.kind != Event::Kind::kMessage) continue;
      const auto message = regions::decode_message(event.message_kind, event.body);
      REQUIRE(message.ok());
      if (const auto* each = std::get_if<regions::Greeting>(&message.value())) greeting_ = *each;
      if (const auto* each = std::get_if<regions::BatchMessage>(&message.value())) {
        newest_ = each->stream;
        of_newest_ = newest_ == seen_ ? of_newest_ + 1 : 1;
        seen_ = newest_;
      }
    }
  }
  [[nodiscard]] std::uint64_t newest() const { return newest_; }
  [[nodiscard]] int batches_of_newest() const { return of_newest_; }
  [[nodiscard]] std::uint64_t bytes() const { return transport_->counters().bytes_received; }

 private:
  void send(const regions::Message& message) {
    transport_->send(link_, regions::kind_of(message), regions::encode_message(message));
  }

  std::unique_ptr<transport::Transport> transport_;
  transport::LinkId link_ = 0;
  regions::Greeting greeting_;
  std::uint64_t newest_ = 0;
  std::uint64_t seen_ = 0;
  int of_newest_ = 0;
};

}  // namespace

TEST_SUITE("leader: floods") {
  TEST_CASE("many subscriptions with an endless window cost what a few do, and others are served") {
    const TempDir folder;
    Peer us;
    Options options = listening(folder, "eu");
    options.peers = {us.endpoint()};
    std::optional<Store> store(Store::open(options));
    Store& eu = *store;
    for (int i = 0; i < kValues; ++i) {
      Register<>{eu, "k" + std::to_string(i)}.put(std::string(kValueBytes, 'v'));
    }
    us.greet();
    for (std::uint64_t stream = 1; stream <= kLast; ++stream) us.subscribe(stream);
    int writes = 0;
    CHECK(eventually([&] {
      Register<int>{eu, "written"}.put(++writes);
      us.take();
      return us.newest() == kLast && us.batches_of_newest() >= kValues;
    }));
    CHECK(us.bytes() < 10 * kValues * kValueBytes);
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t stream = kLast + 1; stream <= 2 * kLast; ++stream) us.subscribe(stream);
    store.reset();
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
  }
}

}  // namespace anabranch::test::flood_test
