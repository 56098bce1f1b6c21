// Messages between leaders: round trips, and bytes that are none.

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/codec.h"
#include "regions/wire/message.h"
#include "tests/crdt/random.h"
#include "tests/regions/wire/sample_messages.h"
#include "tests/seed.h"
#include "transport/frame.h"

namespace anabranch::message_test {

using regions::LocalRules;
using regions::Message;
using test::kVector;

namespace {

// The body of a message with one element more, as a newer version would write it.
std::string longer(const std::string& encoded) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(encoded.at(at)); };
  const bool wide = byte(0) == 0xDCU;  // The head of more than 15 elements has three bytes.
  REQUIRE((wide || (byte(0) & 0xF0U) == 0x90U));
  const std::size_t size = wide ? byte(1) << 8U | byte(2) : byte(0) & 0x0FU;
  std::string body;
  core::Writer(body).array(size + 1);
  body.append(encoded, wide ? 3 : 1);
  core::Writer(body).array(1).text("from a newer version");
  return body;
}

}  // namespace

TEST_SUITE("regions: messages") {
  TEST_CASE("every message survives its encoding") {
    for (const Message& message : test::sample_messages()) {
      CAPTURE(message.index());
      const auto back =
          regions::decode_message(regions::kind_of(message), regions::encode_message(message));
      REQUIRE(back.ok());
      CHECK((back.value() == message));
    }
  }

  TEST_CASE("the kinds have the numbers of the format") {
    CHECK(regions::kind_of(regions::Greeting{}) == 1);
    CHECK(regions::kind_of(regions::Heartbeat{}) == 2);
    CHECK(regions::kind_of(regions::Subscribe{}) == 3);
    CHECK(regions::kind_of(regions::BatchMessage{}) == 4);
    CHECK(regions::kind_of(regions::Ack{}) == 5);
    CHECK(regions::kind_of(regions::DigestRequest{}) == 6);
    CHECK(regions::kind_of(regions::DigestResponse{}) == 7);
    CHECK(regions::kind_of(regions::History{}) == 8);
    CHECK(regions::kind_of(regions::Trimmed{}) == 9);
    CHECK(regions::kind_of(regions::SnapshotRequest{}) == 10);
    CHECK(regions::kind_of(regions::SnapshotChunk{}) == 11);
    CHECK(regions::kind_of(regions::SnapshotRefusal{}) == 12);
    CHECK(regions::kind_of(regions::SignedPosition{}) == 13);
    CHECK(regions::kind_of(regions::Refusal{}) == 14);
    CHECK(regions::kind_of(regions::RegionReport{}) == 15);
    CHECK(regions::kind_of(regions::Presence{}) == 16);
    CHECK(regions::kind_of(regions::MemberCards{}) == 17);
    static_assert(regions::kMessageKinds == 17);
  }

  TEST_CASE("the bounds by kind have room for the longest message of each") {
    core::VersionVector whole;
    std::vector<core::Origin> origins;
    for (core::Origin i = 0; i < core::VersionVector::kEntriesMax; ++i) {
      whole.set(~i, ~core::Seq{0});
      origins.insert(origins.begin(), ~i);
    }
    const std::vector<core::ChainHash> chains(whole.size());
    regions::ChainMarks marks{whole, chains};
    for (const core::Origin origin : origins) marks.parted.emplace(origin, ~core::Seq{0});
    regions::Heartbeat beat;
    beat.applied = beat.durable = beat.reports = beat.clocks = whole;
    beat.chains = chains;
    beat.heard.assign(regions::kClockWordsMax, {~0ULL, ~0ULL, -1'000'000'000'000, 1, 1});
    beat.rules.absent.assign(LocalRules::kAbsentMax, std::string(LocalRules::kNameBytesMax, 'n'));
    regions::Greeting greeting{};
    greeting.applied = whole;
    greeting.chains = chains;
    regions::History history{};
    history.links.assign(regions::History::kLinksMax, {~core::Seq{0}, {}});
    regions::RegionReport report{};
    report.open = origins;
    report.durable = whole;
    regions::DigestRequest question{};
    question.keys.assign(regions::DigestRequest::kKeysMax, std::string(511, 'k'));
    regions::Presence presence{};
    presence.channel.assign(regions::Presence::kChannelBytesMax, 'c');
    presence.body.assign(regions::Presence::kBodyBytesMax, 'b');
    const std::vector<Message> longest{greeting,
                                       beat,
                                       regions::Subscribe{1, 1, whole, origins, origins, 1},
                                       regions::Ack{1, 1, whole, whole, 1},
                                       question,
                                       history,
                                       regions::Trimmed{1, whole},
                                       regions::SnapshotRequest{1, 1, 1, 1, marks, marks, whole},
                                       regions::SnapshotRefusal{1, std::string(10'000, 'w'), true},
                                       regions::Refusal{"eu", std::string(1000, 'w'), true},
                                       report,
                                       presence};
    for (const Message& message : longest) {
      CAPTURE(message.index());
      const std::size_t bound = regions::body_bytes_max(regions::kind_of(message));
      CHECK(regions::encode_message(message).size() * 3 / 2 <= bound);
      CHECK(bound < transport::kMessageSizeMax);
    }
    CHECK(regions::body_bytes_max(regions::MemberCards::kKind) >=
          2 * regions::MemberCards::kBodyBytesMax);
    for (const Message& message :
         {Message(regions::BatchMessage{}), Message(regions::SnapshotChunk{}),
          Message(regions::DigestResponse{})}) {
      CHECK(regions::body_bytes_max(regions::kind_of(message)) == transport::kMessageSizeMax);
    }
    CHECK(regions::body_bytes_max(regions::kMessageKinds + 1) < transport::kMessageSizeMax);
  }

  TEST_CASE("an unknown kind is refused with its number") {
    for (const int kind : {0, static_cast<int>(std::variant_size_v<Message>) + 1, 255}) {
      const auto refused = regions::decode_message(static_cast<std::uint8_t>(kind), "\x90");
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.failure().message.find(std::to_string(kind)) != std::string::npos);
    }
  }

  TEST_CASE("of a greeting of another protocol the number, the mesh and the region are read") {
    const auto read = [](std::uint64_t protocol, const std::string& region) {
      std::string body;
      core::Writer out(body);
      out.array(5).uint64(protocol).array(2).uint64(3).uint64(4).text(region).text("new").nil();
      return regions::decode_message(1, body);
    };
    REQUIRE(read(42, "eu").ok());
    CHECK((read(42, "eu").value() == Message(regions::Greeting{42, {3, 4}, "eu", 0, 0, {}})));
    CHECK_FALSE(read(42, "two\nlines").ok());
    CHECK_FALSE(read(regions::Greeting::kProtocol, "eu").ok());
  }

  TEST_CASE("a greeting that names nobody is refused") {
    for (const regions::Greeting& nobody :
         {regions::Greeting{regions::Greeting::kProtocol, {}, "", 7, 8, {}},
          regions::Greeting{regions::Greeting::kProtocol, {}, "eu", 0, 8, {}}}) {
      CHECK_FALSE(regions::decode_message(1, regions::encode_message(nobody)).ok());
    }
  }

  TEST_CASE("a greeting of a version that did not tell the kinds of its messages is read") {
    const regions::Greeting greeting{.mesh = {3, 4},
                                     .region = "eu",
                                     .origin = 7,
                                     .applied = {},
                                     .kinds = regions::kMessageKinds};
    std::string body = regions::encode_message(greeting);
    REQUIRE(body.front() == '\x9c');  // An array of 12, with the kinds as the last element.
    body.front() = '\x9b';
    body.pop_back();
    const auto read = regions::decode_message(1, body);
    REQUIRE(read.ok());
    regions::Greeting without = greeting;
    without.kinds = regions::Greeting::kKindsUntold;
    CHECK((read.value() == Message(without)));
  }

  TEST_CASE("a message of presence that no leader sends is refused") {
    const auto is_read = [](const std::function<void(regions::Presence&)>& change) {
      regions::Presence message{7, 1, 1, 0, 0, "eu", "c", ""};
      change(message);
      return regions::decode_message(16, regions::encode_message(message)).ok();
    };
    using regions::Presence;
    CHECK(is_read([](Presence& each) { each.body.assign(Presence::kBodyBytesMax, 'x'); }));
    CHECK_FALSE(
        is_read([](Presence& each) { each.body.assign(Presence::kBodyBytesMax + 1, 'x'); }));
    CHECK(is_read([](Presence& each) { each.channel.assign(Presence::kChannelBytesMax, 'x'); }));
    CHECK_FALSE(
        is_read([](Presence& each) { each.channel.assign(Presence::kChannelBytesMax + 1, 'x'); }));
    CHECK_FALSE(is_read([](Presence& each) { each.channel.clear(); }));
    CHECK_FALSE(is_read([](Presence& each) { each.region = "two\nlines"; }));
    CHECK_FALSE(is_read([](Presence& each) { each.number = 0; }));
    CHECK_FALSE(is_read([](Presence& each) { each.hops = 0; }));
    CHECK_FALSE(is_read([](Presence& each) { each.hops = Presence::kHopsMax + 1; }));
    CHECK_FALSE(is_read([](Presence& each) { each.age_ms = -1; }));
    CHECK_FALSE(is_read([](Presence& each) { each.sent_ms = Presence::kTimeMax + 1; }));
  }

  TEST_CASE("a refusal that says nothing, or more than a line, is refused") {
    const auto taken = [](const std::string& region, const std::string& why) {
      return regions::decode_message(regions::kind_of(regions::Refusal{}),
                                     regions::encode_message(regions::Refusal{region, why, false}))
          .ok();
    };
    CHECK(taken("eu", std::string(1000, 'x')));
    CHECK_FALSE(taken("", "is of another mesh"));
    CHECK_FALSE(taken("eu", std::string(1001, 'x')));
    CHECK_FALSE(taken("eu", "two\nlines"));
  }

  TEST_CASE("what newer versions append is skipped") {
    for (const Message& message : test::sample_messages()) {
      const auto back = regions::decode_message(regions::kind_of(message),
                                                longer(regions::encode_message(message)));
      REQUIRE(back.ok());
      CHECK((back.value() == message));
    }
  }

  TEST_CASE("messages of protocol 1, which lack elements, are refused") {
    std::string refusal;
    core::Writer(refusal).array(2).uint64(7).text("two histories");
    CHECK_FALSE(regions::decode_message(12, refusal).ok());
    std::string ack;
    core::Writer(ack).array(4).uint64(9).uint64(8).array(0).array(0);
    CHECK_FALSE(regions::decode_message(5, ack).ok());
    std::string history;
    core::Writer(history).array(6).uint64(7).uint64(5).array(0).nil().boolean(true).uint64(4);
    CHECK_FALSE(regions::decode_message(8, history).ok());
    std::string beat;
    core::Writer out(beat);
    out.array(15).array(0).array(0).uint64(1).bin("").nil().uint64(2).uint64(3).int64(4).int64(5);
    out.nil().nil().boolean(false).array(0).array(0).array(0);
    CHECK_FALSE(regions::decode_message(2, beat).ok());
  }

  TEST_CASE("truncated messages and trailing bytes are refused") {
    for (const Message& message : test::sample_messages()) {
      const std::string body = regions::encode_message(message);
      const std::uint8_t kind = regions::kind_of(message);
      for (std::size_t size = 0; size < body.size(); ++size) {
        CHECK_FALSE(regions::decode_message(kind, body.substr(0, size)).ok());
      }
      CHECK_FALSE(regions::decode_message(kind, body + '\0').ok());
    }
  }

  TEST_CASE("a vector out of order, with a repeated origin or with seq 0 is refused") {
    const std::vector<std::vector<std::uint64_t>> wrong = {{2, 1, 1, 1}, {1, 1, 1, 2}, {1, 0},
                                                           {0, 1},       {1},          {1, 2, 3}};
    for (const auto& numbers : wrong) {
      std::string body;
      core::Writer out(body);
      out.array(4).uint64(1).uint64(1).array(numbers.size());
      for (const std::uint64_t number : numbers) out.uint64(number);
      out.array(0);
      CHECK_FALSE(regions::decode_message(3, body).ok());
    }
  }

  TEST_CASE("a list of more origins than a vector may have is refused") {
    const auto is_read = [](std::size_t count) {
      regions::Subscribe wanted;
      wanted.stream = 1;
      for (core::Origin origin = 1; origin <= count; ++origin) wanted.forked.push_back(origin);
      return regions::decode_message(3, regions::encode_message(wanted)).ok();
    };
    CHECK(is_read(core::VersionVector::kEntriesMax));
    CHECK_FALSE(is_read(core::VersionVector::kEntriesMax + 1));
    regions::RegionReport report{.region = "us", .origin = 2, .number = 1};
    CHECK(regions::decode_message(regions::kind_of(report), regions::encode_message(report)).ok());
    for (core::Origin origin = 1; origin <= core::VersionVector::kEntriesMax + 1; ++origin) {
      report.open.push_back(origin);
    }
    CHECK_FALSE(
        regions::decode_message(regions::kind_of(report), regions::encode_message(report)).ok());
    std::string stored;  // By a version that took it.
    core::Writer out(stored);
    regions::write_report(out, report);
    core::Reader in(stored);
    CHECK(regions::read_report(in).open == report.open);
    CHECK(in.done());
  }

  TEST_CASE("a heartbeat that lacks more functions, or longer names, than may be is refused") {
    const auto is_read = [](LocalRules rules) {
      const regions::Heartbeat beat{
          .applied = {}, .durable = {}, .hlc = {1}, .rules = std::move(rules)};
      return regions::decode_message(2, regions::encode_message(beat)).ok();
    };
    const std::string longest(LocalRules::kNameBytesMax, 'n');
    CHECK(is_read({.absent = std::vector(LocalRules::kAbsentMax, longest)}));
    CHECK_FALSE(is_read({.absent = std::vector(LocalRules::kAbsentMax + 1, longest)}));
    CHECK_FALSE(is_read({.absent = {longest + "n"}}));
  }

  TEST_CASE("chain hashes that are not one for each origin are refused") {
    for (const std::size_t count : {1, 3}) {
      const regions::Heartbeat beat{kVector, {}, {1}, std::vector<core::ChainHash>(count)};
      CHECK_FALSE(regions::decode_message(2, regions::encode_message(beat)).ok());
    }
  }

  TEST_CASE("mutated messages are refused or are messages again") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    const std::vector<Message> messages = test::sample_messages();
    const int runs = test::long_run() ? 3'000'000 : 30'000;
    for (int run = 0; run < runs; ++run) {
      const Message& message = random.pick(messages);
      std::string body = regions::encode_message(message);
      for (std::size_t changes = random.below(3) + 1; changes > 0; --changes) {
        const std::size_t at = random.below(body.size() + 1);
        const double what = random.unit();
        if (what < 0.2) {
          body.insert(at, random.bytes(4));
        } else if (what < 0.4) {
          body.erase(at, random.below(4));
        } else if (at < body.size()) {
          body[at] = static_cast<char>(random.bits());
        }
      }
      const auto kind = static_cast<std::uint8_t>(random.chance(0.8) ? regions::kind_of(message)
                                                                     : random.below(8));
      const auto back = regions::decode_message(kind, body);
      if (!back.ok()) continue;
      const Message& found = back.value();
      const auto again = regions::decode_message(kind, regions::encode_message(found));
      REQUIRE(again.ok());
      REQUIRE((again.value() == found));
    }
  }
}

}  // namespace anabranch::message_test
