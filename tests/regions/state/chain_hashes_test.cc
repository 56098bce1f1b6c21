// Chain hashes: known from heads, from the log and from kept rows.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "tests/regions/parts.h"

namespace anabranch::chain_hashes_test {

using regions::ChainHashes;
using regions::ChainLink;
using regions::Group;
using regions::Match;
using test::Parts;

namespace {

constexpr core::Origin kEu = 7;
constexpr core::Origin kUs = 8;

// Commits a batch of so many ops, and gives its bytes.
std::string write_ops(Parts& parts, std::size_t ops) {
  return parts.write([&](Group& group) {
    for (; ops > 0; --ops) group.add(Parts::row_of("n"), 1);
  });
}

}  // namespace

TEST_SUITE("regions: chain hashes") {
  TEST_CASE("the ends of batches have a hash, in the head and in the log") {
    Parts eu("eu", kEu);
    const ChainHashes& chains = eu.state.chains();
    const std::string one = write_ops(eu, 2);
    const std::string two = write_ops(eu, 3);
    CHECK(chains.at(kEu, 0) == core::ChainHash{});
    CHECK(chains.at(kEu, 2) == core::chain_hash(one));
    CHECK(chains.at(kEu, 5) == core::chain_hash(two));
    for (const core::Seq inside : {1, 3, 4}) {
      CHECK_FALSE(chains.at(kEu, inside).has_value());
      CHECK(chains.within_batch(kEu, inside));
    }
    for (const core::Seq other : {0, 2, 5, 6}) CHECK_FALSE(chains.within_batch(kEu, other));
    CHECK_FALSE(chains.at(kEu, 6).has_value());
    CHECK_FALSE(chains.at(kUs, 1).has_value());
  }

  TEST_CASE("of a large record the ends are read once, whatever is asked of it") {
    Parts eu("eu", kEu);
    const ChainHashes& chains = eu.state.chains();
    for (int i = 0; i < 8; ++i) {
      eu.write([&](Group& group) {
        for (int op = 0; op < 3; ++op) group.put(Parts::row_of("k"), std::string(3000, 'v'));
      });
    }
    auto read = [&, before = eu.storage.log_bytes_read()]() mutable {
      return eu.storage.log_bytes_read() - std::exchange(before, eu.storage.log_bytes_read());
    };
    const std::vector<ChainLink> trail = chains.trail(kEu, 23);
    CHECK(trail.size() >= 4);
    CHECK(read() < 8 * 9200);
    CHECK(chains.trail(kEu, 23) == trail);
    for (const ChainLink& link : trail) CHECK(chains.compare(kEu, link) == Match::kEqual);
    CHECK(chains.within_batch(kEu, 20));
    CHECK(chains.compare(kEu, {20, trail[0].hash}) == Match::kDifferent);
    CHECK(read() == 0);
  }

  TEST_CASE("a large record need not be read to know its ends where it was just written") {
    Parts eu("eu", kEu);
    const ChainHashes& chains = eu.state.chains();
    eu.put("k", "small");
    const core::ChainHash before = eu.state.applied().head(kEu).chain;
    eu.put("k", std::string(regions::SoundLog::kReadLaterBytes, 'v'));
    const core::ChainHash after = eu.state.applied().head(kEu).chain;
    eu.put("k", "small");
    const std::uint64_t read = eu.storage.log_bytes_read();
    CHECK(chains.at(kEu, 1) == before);
    CHECK(eu.storage.log_bytes_read() == read);
    CHECK(chains.at(kEu, 2) == after);
  }

  TEST_CASE("searches have a bound of their own, which grows again and is shared") {
    regions::ReadAllowance allowance;
    allowance.refill(1'000, 1);
    for (std::int64_t i = 0; i < regions::ReadAllowance::kSearchesMax; ++i)
      REQUIRE(allowance.take_search());
    allowance.begin();
    CHECK_FALSE(allowance.take_search());
    CHECK(allowance.ran_out());
    allowance.refill(1'010, 4);
    for (int i = 0; i < 20; ++i) CHECK(allowance.take_search());
    CHECK_FALSE(allowance.take_search());
  }

  TEST_CASE("what no allowance lets be read is not known, and found when it has grown again") {
    Parts eu("eu", kEu);
    const ChainHashes& chains = eu.state.chains();
    const std::string large(regions::ReadAllowance::kBytesAtFirst, 'v');
    for (int i = 0; i < 4; ++i) eu.put("k", large);
    const auto third = chains.at(kEu, 3);
    const auto first = chains.at(kEu, 1);
    REQUIRE((first && third));
    const regions::SoundLog log(eu.storage);
    const ChainHashes anew(eu.state.applied(), log);
    regions::ReadAllowance allowance;
    allowance.begin();
    CHECK(anew.compare(kEu, {3, *third}, &allowance) == Match::kEqual);
    CHECK_FALSE(allowance.ran_out());
    CHECK(anew.compare(kEu, {1, *first}, &allowance) == Match::kUnknown);
    CHECK(allowance.ran_out());
    CHECK(anew.compare(kEu, {3, *third}, &allowance) == Match::kEqual);
    allowance.refill(1000, 1);
    allowance.begin();
    CHECK(anew.compare(kEu, {1, *first}, &allowance) == Match::kEqual);
    CHECK_FALSE(allowance.ran_out());
  }

  TEST_CASE("the ends of so many large records are kept, and of none that is trimmed") {
    using regions::Wanted;
    constexpr storage::Position kMore = 10;
    constexpr storage::Position kLast = regions::KnownEnds::kKnownMax + kMore;
    regions::KnownEnds known;
    known.add(1, regions::KnownEnds::kLargeBytes - 1, {});
    CHECK(known.size() == 0);
    for (storage::Position at = 1; at <= kLast; ++at) {
      known.add(at, regions::KnownEnds::kLargeBytes, {.origin = kEu, .first = at, .last = at});
    }
    CHECK(known.size() == regions::KnownEnds::kKnownMax);
    CHECK(known.find(kMore, Wanted::kBefore) == nullptr);
    REQUIRE(known.find(kMore + 1, Wanted::kBefore) != nullptr);
    CHECK(known.find(kMore + 1, Wanted::kBefore)->first == kMore + 1);
    CHECK(known.find(kMore + 1, Wanted::kBoth) == nullptr);
    known.forget_before(kLast);
    CHECK(known.size() == 1);
  }

  TEST_CASE("a trimmed log still knows the hash where it begins, and what was kept") {
    Parts eu("eu", kEu);
    for (int i = 0; i < 4; ++i) write_ops(eu, 1);
    ChainHashes chains(eu.state.applied(), eu.state.log());
    const auto first = chains.at(kEu, 1);
    const auto second = chains.at(kEu, 2);
    REQUIRE((first && second));
    REQUIRE(eu.storage.trim(3).ok());
    CHECK(chains.at(kEu, 2) == second);
    CHECK_FALSE(chains.at(kEu, 1).has_value());
    chains.keep(kEu, 1, *first);
    CHECK(chains.at(kEu, 1) == first);
    CHECK(chains.keep(kEu, 2));
    CHECK_FALSE(chains.keep(kEu, 9));
  }

  TEST_CASE("what was kept is there after a restart") {
    Parts eu("eu", kEu);
    write_ops(eu, 1);
    ChainHashes chains(eu.state.applied(), eu.state.log());
    const core::ChainHash hash = core::chain_hash("any");
    chains.keep(kUs, 17, hash);
    REQUIRE(eu.storage.commit({}, chains.take_changes()).ok());
    CHECK(chains.take_changes().empty());
    ChainHashes again(eu.state.applied(), eu.state.log());
    REQUIRE(again.load(*eu.storage.snapshot()).ok());
    CHECK(again.checkpoint(kUs, 20) == ChainLink{17, hash});
    CHECK(again.checkpoint(kUs, 16) == ChainLink{});
    CHECK(again.checkpoint(kEu, 20) == ChainLink{});
  }

  TEST_CASE("a position is of the same history, of another, beyond it, or too old to tell") {
    Parts eu("eu", kEu);
    for (int i = 0; i < 3; ++i) write_ops(eu, 1);
    const ChainHashes& chains = eu.state.chains();
    const core::ChainHash other = core::chain_hash("other");
    CHECK(chains.compare(kEu, {2, *chains.at(kEu, 2)}) == Match::kEqual);
    CHECK(chains.compare(kEu, {2, other}) == Match::kDifferent);
    CHECK(chains.compare(kEu, {4, other}) == Match::kBeyond);
    REQUIRE(eu.storage.trim(3).ok());
    CHECK(chains.compare(kEu, {1, other}) == Match::kUnknown);
    const auto trail = chains.trail(kEu, 3);
    REQUIRE_FALSE(trail.empty());
    CHECK(trail.front() == ChainLink{3, *chains.at(kEu, 3)});
  }

  TEST_CASE("what a batch depends on is of another history where its hash differs") {
    Parts eu("eu", kEu);
    write_ops(eu, 1);
    write_ops(eu, 2);
    // A second one over the same log has applied nothing itself: it has to read the log.
    const ChainHashes fresh(eu.state.applied(), eu.state.log());
    for (const ChainHashes* chains : {&std::as_const(eu.state).chains(), &fresh}) {
      const std::uint64_t right = core::history_hash(*fresh.at(kEu, 1));
      CHECK_FALSE(chains->differs(kEu, 1, right));
      CHECK(chains->differs(kEu, 1, right + 1));
      CHECK_FALSE(chains->differs(kEu, 1, 0));          // Not told.
      CHECK(chains->differs(kEu, 2, right));            // No batch ends there.
      CHECK_FALSE(chains->differs(kEu, 4, right + 1));  // Beyond the history here.
      CHECK_FALSE(chains->differs(kUs, 1, right));
    }
    REQUIRE(eu.storage.trim(3).ok());
    CHECK_FALSE(fresh.differs(kEu, 1, 1));        // Too old to tell.
    CHECK(eu.state.chains().differs(kEu, 1, 1));  // In memory still.
    eu.state.chains().forget_beyond(kEu, 0);
    CHECK_FALSE(eu.state.chains().differs(kEu, 1, 1));
  }

  TEST_CASE("a trail has the end of the log, where a snapshot brought what is behind it") {
    Parts eu("eu", kEu);
    for (int i = 0; i < 3; ++i) write_ops(eu, 1);
    regions::Head head = eu.state.applied().head(kEu);
    head.seq = 9;
    head.chain = core::chain_hash("the ninth");
    eu.state.applied().set_head(kEu, head);
    const ChainHashes& chains = eu.state.chains();
    const auto trail = chains.trail(kEu, 3);
    REQUIRE_FALSE(trail.empty());
    CHECK(trail.front() == ChainLink{3, *chains.at(kEu, 3)});
  }

  TEST_CASE("a position that a peer told is known, in memory and no further than it holds") {
    Parts eu("eu", kEu);
    for (int i = 0; i < 4; ++i) write_ops(eu, 1);
    ChainHashes& chains = eu.state.chains();
    const ChainLink second{2, *chains.at(kEu, 2)};
    REQUIRE(eu.storage.trim(4).ok());
    REQUIRE(chains.compare(kEu, second) == Match::kUnknown);
    chains.learn(kEu, second);
    CHECK(chains.compare(kEu, second) == Match::kEqual);
    CHECK(chains.trail(kEu, 2).front() == second);
    CHECK(chains.checkpoint(kEu, 3) == ChainLink{});  // Peers need not have it in common.
    CHECK_FALSE(chains.has_changes());
    chains.forget_beyond(kEu, 2);
    CHECK(chains.compare(kEu, second) == Match::kEqual);
    chains.forget_beyond(kEu, 1);
    CHECK(chains.compare(kEu, second) == Match::kUnknown);
    for (core::Seq seq = 1; seq <= ChainHashes::kToldMax; ++seq) {
      chains.learn(kUs, {seq, second.hash});
    }
    chains.learn(kEu, second);
    CHECK(chains.compare(kEu, second) == Match::kEqual);
    CHECK_FALSE(chains.at(kUs, 1).has_value());
  }

  TEST_CASE("what is behind the place where histories part is told apart") {
    Parts eu("eu", kEu);
    eu.state.chains().part(kUs, 5);
    CHECK(regions::behind_parting(eu.state.chains().parted(), kUs, 6));
    CHECK_FALSE(regions::behind_parting(eu.state.chains().parted(), kUs, 5));
    CHECK_FALSE(regions::behind_parting(eu.state.chains().parted(), kEu, 6));
  }

  TEST_CASE("what was kept of a history that goes is forgotten") {
    Parts eu("eu", kEu);
    ChainHashes& chains = eu.state.chains();
    chains.keep(kUs, 5, core::chain_hash("a"));
    chains.keep(kUs, 9, core::chain_hash("b"));
    REQUIRE(eu.state.commit({}).ok());
    chains.forget_beyond(kUs, 5);
    REQUIRE(eu.state.commit({}).ok());
    ChainHashes again(eu.state.applied(), eu.state.log());
    REQUIRE(again.load(*eu.storage.snapshot()).ok());
    CHECK(again.checkpoint(kUs, 20).seq == 5);
  }
}

}  // namespace anabranch::chain_hashes_test
