// The log without its damaged records.

#include <doctest/doctest.h>

#include <string>

#include "regions/state/sound_log.h"
#include "tests/regions/parts.h"

namespace anabranch::sound_log_test {

using regions::SoundLog;
using test::Parts;

namespace {

constexpr std::size_t kBesideBytes = 24;  // Origin, first and last.

struct SoundLogWorld : Parts {
  const SoundLog& log = state.log();

  SoundLogWorld() : Parts("eu", 1) {
    for (const char* value : {"a", "b", "c"}) put("k", value);
  }
};

}  // namespace

TEST_SUITE("regions: sound log") {
  TEST_CASE("a record is shown as it was made") {
    SoundLogWorld eu;
    CHECK(eu.log.read_log(1)->position == 1);
    CHECK(eu.log.find(1, 2) == 2);
    CHECK(eu.log.last_position() == 3);
    CHECK(eu.state.log().take_news().empty());
  }

  TEST_CASE("a record with a changed byte is as one that is not there, and is named once") {
    SoundLogWorld eu;
    eu.storage.flip(2, kBesideBytes + 40, 1);
    CHECK(eu.log.read_log(2)->position == 3);
    CHECK(eu.log.find(1, 2) == 3);
    CHECK(eu.log.damaged(1, 2));
    CHECK_FALSE(eu.log.damaged(1, 1));
    const auto news = eu.state.log().take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].position == 2);
    CHECK(news[0].certain);
    CHECK(regions::to_string(news[0], "eu").find("eu") != std::string::npos);
    CHECK_FALSE(eu.log.find(1, 4));
    CHECK(eu.state.log().take_news().empty());
    CHECK(eu.log.damage().size() == 1);
    eu.state.log().forget_before(3);
    CHECK(eu.log.damage().empty());
  }

  TEST_CASE("a gap is known as far as a snapshot has reached, and where a record is damaged") {
    SoundLogWorld eu;
    SoundLog& log = eu.state.log();
    CHECK_FALSE(log.has_gap(1, 1));
    log.note_gap(1, 2);
    log.note_gap(1, 1);
    CHECK(log.has_gap(1, 2));
    CHECK_FALSE(log.has_gap(1, 3));
    CHECK_FALSE(log.has_gap(2, 1));
    log.forget_gaps();
    CHECK_FALSE(log.has_gap(1, 1));
    eu.storage.flip(2, kBesideBytes + 40, 1);
    CHECK(log.read_log(2)->position == 3);
    CHECK(log.has_gap(1, 1));
    CHECK(log.has_gap(1, 2));
    CHECK_FALSE(log.has_gap(1, 3));
  }

  TEST_CASE("a record whose origin was changed beside its bytes is another batch") {
    SoundLogWorld eu;
    eu.storage.flip(1, 7, 4);
    CHECK(eu.log.read_log(1)->position == 2);
    CHECK(eu.log.damaged(1, 1));  // As its bytes say.
  }
}

}  // namespace anabranch::sound_log_test
