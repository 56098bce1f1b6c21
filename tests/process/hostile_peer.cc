// A peer that means harm: greets a leader and sends it messages of one kind without end, the
// largest that it can make, each with another content.
//
//   hostile_peer ENDPOINT KIND MEBIBYTES
//
// Dials again when the leader hangs up, some times. Prints at the end how often it was linked.

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include "core/batch.h"
#include "core/hash.h"
#include "core/op.h"
#include "regions/wire/message.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::hostile_peer {
namespace {

using namespace regions;

constexpr core::Origin kOrigin = 77;
constexpr std::size_t kOrigins = 500;  // Of a vector.
constexpr std::size_t kBody = std::size_t{256} << 10U;
constexpr std::uint64_t kUnsentMax = std::uint64_t{4} << 20U;
constexpr std::chrono::minutes kPatience{2};
constexpr std::chrono::seconds kStill{2};
constexpr int kLinksMax = 3;  // Of a leader that hangs up each time; dials become rare.

// Contents that never repeat.
class Contents {
 public:
  std::uint64_t number() { return random_(); }
  std::string bytes(std::size_t size) {
    std::string all(size, '\0');
    for (char& each : all) each = static_cast<char>(random_());
    return all;
  }
  std::string text(std::size_t size) {
    std::string all(size, 'a');
    for (char& each : all) each = static_cast<char>('a' + random_() % 26);
    return all;
  }
  core::ChainHash hash() {
    core::ChainHash hash{};
    for (auto& each : hash) each = static_cast<std::uint8_t>(random_());
    return hash;
  }
  core::VersionVector vector() {
    core::VersionVector all;
    for (std::size_t i = 0; i < kOrigins; ++i) all.set(number(), 1 + number() % 1'000'000);
    return all;
  }
  std::vector<core::ChainHash> hashes() {
    std::vector<core::ChainHash> all(kOrigins);
    for (auto& each : all) each = hash();
    return all;
  }

 private:
  std::mt19937_64 random_{1};
};

// The leader that is attacked, and how far it has come.
struct Target {
  Greeting greeting;
  std::uint64_t count = 0;  // The messages sent.
};
using Make = std::function<Message(const Target&, Contents&)>;

Greeting greet() {
  Greeting own;
  own.mesh = core::digest128("anabranch");  // The mesh of a leader that names none.
  own.region = "us";
  own.origin = kOrigin;
  own.nonce = 5;
  return own;
}

Message new_leader(const Target& target, Contents& contents) {
  Greeting own = greet();
  own.nonce = contents.number();
  own.renewals = target.count;
  own.applied = contents.vector();
  own.chains = contents.hashes();
  return own;
}

Message heartbeat(const Target& target, Contents& contents) {
  Heartbeat all;
  all.applied = all.durable = contents.vector();
  all.chains = contents.hashes();
  all.reports = contents.vector();
  all.clocks = contents.vector();
  all.greeted = target.greeting.origin;
  all.greeted_nonce = target.greeting.nonce;
  for (int i = 0; i < 500; ++i) all.heard.push_back({contents.number(), 1, 1, 1, 1});
  return all;
}

Message subscribe(const Target& target, Contents& contents) {
  Subscribe all;
  all.stream = target.count + 1;
  all.window = std::uint64_t{1} << 63U;
  all.from = contents.vector();
  all.from.set(target.greeting.origin, 1);
  all.nonce = 5;
  return all;
}

// Behind a gap: it waits.
Message batch(const Target& target, Contents& contents) {
  core::Batch made;
  made.origin = kOrigin;
  made.previous = contents.hash();
  core::Transaction txn;
  txn.first = 1000 + target.count;
  txn.hlc = core::Hlc::of(1000, 0);
  txn.ops.emplace_back(core::Put{core::Path{"\1", "key", "s"}, contents.bytes(kBody), {}, {}});
  made.transactions.push_back(std::move(txn));
  return BatchMessage{1, core::encode_batch(made)};
}

Message digest_request(const Target& target, Contents& contents) {
  DigestRequest all;
  all.kind = static_cast<DigestRequest::Kind>(target.count % 4);
  all.moment = target.count / 4;
  all.number = target.count;
  if (all.kind != DigestRequest::Kind::kShow) return all;
  for (std::size_t i = 0; i < DigestRequest::kKeysMax; ++i) {
    all.keys.push_back(contents.bytes(1000));
  }
  return all;
}

Message digest_response(const Target& target, Contents& contents) {
  DigestResponse all;
  all.moment = target.count;
  all.kept = all.comparable = true;
  all.applied = contents.vector();
  for (int i = 0; i < 100; ++i) all.texts.push_back(contents.text(1000));
  return all;
}

Message history(const Target& /*target*/, Contents& contents) {
  History all;
  all.origin = contents.number();
  all.asks = true;
  for (core::Seq seq = History::kLinksMax; seq > 0; --seq) {
    all.links.push_back({seq, contents.hash()});
  }
  return all;
}

Message snapshot_request(const Target& target, Contents& contents) {
  SnapshotRequest all;
  all.stream = target.count + 1;
  all.window = std::uint64_t{1} << 40U;
  all.newest.at = contents.vector();
  all.newest.hashes = contents.hashes();
  return all;
}

Message report(const Target& target, Contents& contents) {
  RegionReport all;
  all.region = contents.text(20);
  all.origin = contents.number();
  all.number = target.count + 1;
  all.durable = contents.vector();
  return all;
}

Message presence(const Target& target, Contents& contents) {
  Presence all;
  all.opening = 5;
  all.number = target.count + 1;
  all.hops = 1;
  all.region = "us";
  all.channel = contents.text(Presence::kChannelBytesMax);
  all.body = contents.bytes(Presence::kBodyBytesMax);
  return all;
}

// Cards of ever new members, as new as can be.
Message cards(const Target& /*target*/, Contents& contents) {
  MemberCards all;
  for (int i = 0; i < 12; ++i) {
    MemberCard card{.node = {contents.number(), 1},
                    .opening = contents.number(),
                    .nonce = contents.number(),
                    .number = 1,
                    .region = i % 2 == 0 ? "eu" : contents.text(MemberCard::kNameBytesMax),
                    .name = contents.text(MemberCard::kNameBytesMax)};
    card.why = contents.text(MemberCard::kWhyBytesMax);
    card.announce_redis = contents.text(MemberCard::kAddressBytesMax);
    card.announce_peer = contents.text(MemberCard::kAddressBytesMax);
    all.cards.push_back({encode_card(card), std::string(64, 's'), 0, 1});
  }
  return all;
}

const std::map<std::string, Make>& kinds() {
  static const auto* const all = new std::map<std::string, Make>{
      {"greeting", new_leader},
      {"heartbeat", heartbeat},
      {"subscribe", subscribe},
      {"batch", batch},
      {"noise",
       [](const Target&, Contents& contents) {
         return BatchMessage{1, contents.bytes(kBody)};
       }},
      {"ack",
       [](const Target& target, Contents& contents) {
         return Ack{target.count, contents.number(), contents.vector(), contents.vector(), kOrigin};
       }},
      {"question", digest_request},
      {"answer", digest_response},
      {"history", history},
      {"trimmed",
       [](const Target& target, Contents& contents) {
         return Trimmed{target.count, contents.vector()};
       }},
      {"snapshot-request", snapshot_request},
      {"snapshot-chunk",
       [](const Target& target, Contents& contents) {
         return SnapshotChunk{target.count, 1, 0, kBody, contents.bytes(kBody)};
       }},
      {"snapshot-refusal",
       [](const Target& target, Contents& contents) {
         return SnapshotRefusal{target.count, contents.text(1000), target.count % 2 == 0};
       }},
      {"position",
       [](const Target& target, Contents& contents) {
         return SignedPosition{"us", contents.number(), target.count + 1, contents.hash(),
                               contents.bytes(SignedPosition::kSignatureSize)};
       }},
      {"refusal",
       [](const Target&, Contents& contents) {
         return Refusal{"us", contents.text(1000), false};
       }},
      {"report", report},
      {"presence", presence},
      {"cards", cards},
  };
  return *all;
}

class Peer {
 public:
  explicit Peer(const std::string& endpoint) {
    auto opened =
        transport::open_zmq_transport({.listen = "tcp://127.0.0.1:*", .peers = {endpoint}});
    transport_ = std::move(opened).value_or_raise();
  }

  void attack(const Make& make, std::uint64_t bytes) {
    while (sent_ < bytes && links_ < kLinksMax) {
      greet_leader();
      while (sent_ < bytes && greeted_) send(make(target_, contents_));
      drain();
    }
  }
  [[nodiscard]] int links() const { return links_; }
  [[nodiscard]] std::uint64_t messages() const { return target_.count; }

 private:
  [[nodiscard]] std::uint64_t unsent() const {
    const std::uint64_t gone = transport_->counters().bytes_sent - gone_;
    return gone < queued_ ? queued_ - gone : 0;
  }
  // Waits until all is sent; what went with a link that broke never is.
  void drain() {
    std::uint64_t before = 0;
    auto since = std::chrono::steady_clock::now();
    while (unsent() > 0 && linked_ && std::chrono::steady_clock::now() - since < kStill) {
      const std::uint64_t gone = transport_->counters().bytes_sent;
      if (gone != before) since = std::chrono::steady_clock::now();
      before = gone;
      take();
    }
  }
  // The dialler greets first, on each link.
  void greet_leader() {
    while (!greeted_) {
      while (!linked_) take();
      const transport::LinkId link = link_;
      gone_ = transport_->counters().bytes_sent;
      queued_ = 0;
      queue(greet());
      while (linked_ && link_ == link && !greeted_) take();
    }
  }
  void send(const Message& message) {
    while (linked_ && unsent() > kUnsentMax) take();
    queue(message);
    ++target_.count;
    if (target_.count % 16 == 0) take(std::chrono::milliseconds(0));
  }
  void queue(const Message& message) {
    std::string body = encode_message(message);
    sent_ += body.size();
    queued_ += body.size();
    const regions::Turn turn = turn_of(message);
    transport_->send(link_, kind_of(message), std::move(body),
                     {.lane = static_cast<transport::Lane>(turn.lane),
                      .stream = turn.stream,
                      .weight = turn.weight});
  }
  // Takes what has come.
  void take(std::chrono::milliseconds wait = std::chrono::milliseconds(10)) {
    pollfd readable{transport_->wake_fd(), POLLIN, 0};
    (void)::poll(&readable, 1, static_cast<int>(wait.count()));
    for (const transport::Event& event : transport_->receive(std::size_t{64} << 20U)) {
      heard_ = std::chrono::steady_clock::now();
      using Kind = transport::Event::Kind;
      if (event.kind == Kind::kUp) {
        link_ = event.link;
        linked_ = true;
        greeted_ = false;
        ++links_;
      }
      if (event.kind == Kind::kDown && event.link == link_) linked_ = greeted_ = false;
      if (event.kind != Kind::kMessage) continue;
      const auto message = decode_message(event.message_kind, event.body);
      if (!message.ok()) continue;
      if (const auto* each = std::get_if<Greeting>(&message.value())) {
        target_.greeting = *each;
        greeted_ = true;
      }
    }
    if (std::chrono::steady_clock::now() - heard_ > kPatience) {
      throw std::runtime_error("the leader has said nothing for two minutes");
    }
  }

  std::unique_ptr<transport::Transport> transport_;
  transport::LinkId link_ = 0;
  bool linked_ = false;
  bool greeted_ = false;
  int links_ = 0;
  Target target_;
  Contents contents_;
  std::uint64_t sent_ = 0;
  std::uint64_t gone_ = 0;    // The transport's counter when the link came up...
  std::uint64_t queued_ = 0;  // ...and the bytes given to it since.
  std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
};

int run(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--kinds") {
    for (const auto& [name, make] : kinds()) std::cout << name << '\n';
    return EXIT_SUCCESS;
  }
  const auto kind = argc == 4 ? kinds().find(argv[2]) : kinds().end();
  if (kind == kinds().end()) {
    std::cerr << "usage: hostile_peer ENDPOINT KIND MEBIBYTES | --kinds\n";
    return EXIT_FAILURE;
  }
  Peer peer(argv[1]);
  peer.attack(kind->second, std::strtoull(argv[3], nullptr, 10) << 20U);
  std::cout << peer.messages() << " messages on " << peer.links() << " links\n";
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace anabranch::hostile_peer

int main(int argc, char** argv) try {
  return anabranch::hostile_peer::run(argc, argv);
} catch (const std::exception& error) {
  std::cerr << "hostile_peer: " << error.what() << '\n';
  return EXIT_FAILURE;
}
