// Candidacy: plain scenes of a region whose members show each other cards. That every decision is
// the one of the model: tests/model/candidacy_traces.py.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "regions/members/candidacy.h"

namespace anabranch::candidacy_test {

using core::Hash128;
using core::Millis;
using core::Origin;
using regions::Candidacy;
using regions::CandidacyTimes;
using regions::MemberRole;
using regions::OwnState;
using regions::RoleRow;
using regions::SeenCard;
using regions::SeenLink;
using regions::Situation;
using Step = Candidacy::Step;

namespace {

constexpr Millis kPromoteAfter = 2'000;

Hash128 node(std::size_t member) { return {.high = 0, .low = member + 1}; }
Origin origin(std::size_t member) { return 100 + member; }

// A member, and all that it has heard.
struct Member {
  Candidacy candidacy;
  RoleRow row;  // On its disk.
  OwnState own;
  bool runs = true;
  std::map<Hash128, SeenCard> cards = {};
  std::map<Hash128, SeenLink> links = {};
};

// A region of some machines; the first one leads. A card takes a beat to all that its member
// is connected to, and so do operations: `per_beat` of them, from each.
class Region {
 public:
  explicit Region(std::size_t members, Millis promote_after_ms = kPromoteAfter)
      : times_(CandidacyTimes::of(promote_after_ms, members)) {
    for (std::size_t i = 0; i < members; ++i) {
      const RoleRow row{.leads = i == 0, .reign = i == 0 ? 1U : 0U};
      Member& member = members_.emplace_back(
          Member{.candidacy = {row, Candidacy::Begin::kAtOnce}, .row = row, .own = {}});
      member.own = {.node = node(i),
                    .rank = i,
                    .origin = origin(i),
                    .fit = true,
                    .eligible = true,
                    .listed = true};
      for (std::size_t j = 0; j < members; ++j) {
        if (j != i) member.own.kin.push_back(node(j));
        member.own.region_origins.push_back(origin(j));
      }
    }
    write_reign(members_.front());
    run(4 * times_.beat_ms);
  }

  Member& operator[](std::size_t i) { return members_[i]; }
  const Candidacy& of(std::size_t i) const { return members_[i].candidacy; }
  const CandidacyTimes& times() const { return times_; }
  std::uint64_t per_beat = 1'000;

  void write(std::size_t i, core::Seq count = 1) {
    REQUIRE(of(i).role() == MemberRole::kLeads);
    add(members_[i], count);
  }
  // Puts a copy of the directory of one member in place of another's: a member of its own, which no
  // leader has listed.
  void copy(std::size_t from, std::size_t to) {
    members_[to].row = members_[from].row;
    members_[to].own.applied = members_[from].own.applied;
    members_[to].own.durable = members_[from].own.durable;
    members_[to].own.listed = false;
  }
  // Nothing passes between these two, or comes from or to this one.
  void cut(std::size_t i, std::size_t j) { cut_.insert(std::minmax(i, j)); }
  void isolate(std::size_t i) {
    for (std::size_t j = 0; j < members_.size(); ++j) cut(i, j);
  }
  void heal() { cut_.clear(); }
  void kill(std::size_t i) { members_[i].runs = false; }
  void start(std::size_t i) {
    Member& member = members_[i];
    member.candidacy = {member.row, Candidacy::Begin::kListens};
    member.cards.clear();
    member.links.clear();
    member.runs = true;
  }
  void stand_still(std::size_t i, bool still) { members_[i].runs = !still; }

  Situation situation(std::size_t i) const {
    const Member& member = members_[i];
    Situation at{.now_ms = now_, .times = times_, .own = member.own};
    for (const auto& [of, card] : member.cards) at.cards.push_back(card);
    for (const auto& [of, link] : member.links) at.links.push_back(link);
    return at;
  }

  void run(Millis duration) {
    for (const Millis end = now_ + duration; now_ < end;) {
      now_ += times_.beat_ms;
      deliver();
      for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].runs) turn(i);
      }
    }
  }
  // Runs until `member` leads, or for a minute; returns how long it took.
  Millis until_leads(std::size_t member) {
    const Millis begin = now_;
    while (of(member).role() != MemberRole::kLeads && now_ < begin + 60'000) run(times_.beat_ms);
    return now_ - begin;
  }
  std::vector<std::size_t> leaders() const {
    std::vector<std::size_t> leaders;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].runs && of(i).role() == MemberRole::kLeads) leaders.push_back(i);
    }
    return leaders;
  }

 private:
  struct OnWay {
    std::size_t from = 0;
    SeenCard card;
    SeenLink link;
  };

  void add(Member& member, core::Seq count) {
    member.own.applied.raise(member.own.origin, member.own.applied.at(member.own.origin) + count);
    member.own.durable = member.own.applied;
  }
  void write_reign(Member& member) {
    add(member, 1);
    rows_[member.candidacy.reign()] = {member.own.origin, member.own.applied.at(member.own.origin)};
    member.own.own_row_reign = member.candidacy.reign();
  }
  void note_rows(Member& member) {
    for (const auto& [reign, row] : rows_) {
      if (member.own.applied.at(row.first) < row.second) continue;
      member.own.row_reign = reign;
      member.own.row_origin = row.first;
    }
  }

  void deliver() {
    for (const OnWay& each : std::exchange(on_way_, {})) {
      for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& to = members_[i];
        if (!to.runs || i == each.from || cut_.contains(std::minmax(i, each.from))) continue;
        to.cards[each.card.node] = each.card;
        to.links[each.card.node] = each.link;
        for (const auto& [of, seq] : each.link.applied) {
          const core::Seq had = to.own.applied.at(of);
          to.own.applied.raise(of, std::min(seq, had + per_beat));
        }
        to.own.durable = to.own.applied;
      }
    }
  }

  void turn(std::size_t i) {
    Member& member = members_[i];
    note_rows(member);
    const Candidacy::Decision made = member.candidacy.turn(situation(i));
    if (made.row) member.row = *made.row;
    if (made.writes_reign) write_reign(member);
    note_rows(member);
    show(i);
  }

  void show(std::size_t i) {
    Member& member = members_[i];
    const Candidacy::Shown shown = member.candidacy.show(situation(i));
    member.candidacy.told(shown.reach, shown.end);
    on_way_.push_back({.from = i,
                       .card = {.node = node(i),
                                .number = ++number_,
                                .made_ms = now_,
                                .of_own_region = true,
                                .role = shown.role,
                                .reign = shown.reign,
                                .known = shown.known,
                                .blind = shown.blind,
                                .fit = member.own.fit,
                                .able = shown.able,
                                .reach = shown.reach,
                                .rank = member.own.rank,
                                .origin = member.own.origin,
                                .end = shown.end,
                                .heir = shown.heir},
                       .link = {.node = node(i),
                                .of_own_region = true,
                                .built_ms = now_,
                                .role = shown.role,
                                .able = shown.able,
                                .lag_ms = shown.lag_ms,
                                .applied = member.own.applied,
                                .durable = member.own.durable}});
  }

  CandidacyTimes times_;
  std::vector<Member> members_;
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::vector<OnWay> on_way_;
  std::map<std::uint64_t, std::pair<Origin, core::Seq>> rows_;  // Of reigns.
  Millis now_ = 1'000'000;
  std::uint64_t number_ = 0;
};

using Members = std::vector<std::size_t>;

}  // namespace

TEST_SUITE("regions: candidacy") {
  TEST_CASE("two machines and a dead leader: the follower leads, and the first follows it") {
    Region region{2};
    region.write(0);
    region.run(1'000);
    region.kill(0);
    CHECK(region.until_leads(1) <= kPromoteAfter + 2 * region.times().beat_ms);
    CHECK(region.of(1).blind());  // It cannot tell a dead leader from its own dead network.
    CHECK(region.of(1).reign() == 1);
    region.write(1);
    region.run(10'000);
    region.start(0);
    region.run(kPromoteAfter + 1'000);
    CHECK(region.leaders() == Members{1});
    CHECK(region.of(0).role() == MemberRole::kFollows);
    CHECK_FALSE(region.of(1).blind());  // It has heard the other one for long enough.
    CHECK(region.of(1).reign() == 2);
    CHECK(region[0].own.applied == region[1].own.applied);
  }

  TEST_CASE("a leader that starts again at once goes on") {
    Region region{2};
    region.kill(0);
    region.run(500);
    region.start(0);
    region.run(1'000);
    CHECK(region.leaders() == Members{0});
    CHECK(region.of(0).reign() == 1);
  }

  TEST_CASE("a follower that is cut off alone leads blind, and never moves the leader") {
    Region region{3};
    for (int time = 0; time < 20; ++time) {
      region.isolate(2);
      region.run(2 * kPromoteAfter);
      REQUIRE(region.leaders() == Members{0, 2});
      REQUIRE(region.of(2).blind());
      region.heal();
      region.run(1'500);
      REQUIRE(region.leaders() == Members{0});
      REQUIRE(region.of(0).reign() == 1);
    }
  }

  TEST_CASE("a cut between two machines: both lead, then the first goes on with what both wrote") {
    Region region{2};
    region.cut(0, 1);
    CHECK(region.until_leads(1) <= kPromoteAfter + 2 * region.times().beat_ms);
    region.write(0, 3);
    region.write(1, 5);
    region.run(10'000);
    CHECK(region.leaders() == Members{0, 1});
    region.heal();
    region.run(1'000);
    CHECK(region.leaders() == Members{0});
    CHECK(region[0].own.applied == region[1].own.applied);
    CHECK(region[0].own.applied.at(origin(1)) == 5);
  }

  TEST_CASE("who gives way follows only when the other has all, or promote_after is over") {
    Region region{2};
    region.cut(0, 1);
    region.until_leads(1);
    region.write(1, 6);
    region.per_beat = 1;
    region.heal();
    region.run(3 * region.times().beat_ms);
    CHECK(region.of(1).role() == MemberRole::kLeaves);
    CHECK(region.of(1).to() == node(0));
    region.run(6 * region.times().beat_ms);
    CHECK(region.of(1).role() == MemberRole::kFollows);
    CHECK(region[0].own.applied.at(origin(1)) == 6);
    region.cut(0, 1);
    region.run(6'000);
    region.write(1, 1'000);
    region.heal();
    region.run(kPromoteAfter + 2 * region.times().beat_ms);
    CHECK(region.of(1).role() == MemberRole::kFollows);
    CHECK(region[0].own.applied.at(origin(1)) < 1'000);
  }

  TEST_CASE("an unfit leader goes on until a follower has taken over, and follows that one") {
    Region region{2};
    region[0].own.fit = false;
    region[1].own.eligible = false;
    region.run(20'000);
    CHECK(region.leaders() == Members{0});  // Nothing moves where nobody is fit.
    region[1].own.eligible = true;
    region.run(1'500);
    CHECK(region.leaders() == Members{1});
    CHECK(region.of(1).reign() == 2);
    CHECK_FALSE(region.of(1).blind());
    CHECK(region.of(0).role() == MemberRole::kFollows);
    region[0].own.fit = true;
    region.run(20'000);
    CHECK(region.leaders() == Members{1});
  }

  TEST_CASE("a former leader that starts follows the leader of the later reign") {
    Region region{3};
    region.kill(0);
    CHECK(region.until_leads(1) <= kPromoteAfter + 2 * region.times().beat_ms);
    CHECK(region.of(1).reign() == 2);
    CHECK_FALSE(region.of(1).blind());  // It hears the third one.
    region.start(0);
    region.run(1'000);
    CHECK(region.leaders() == Members{1});
    CHECK(region.of(0).role() == MemberRole::kFollows);
    CHECK_FALSE(region[0].row.leads);
    region.kill(1);  // The same where that leader is away: the others know its reign.
    region.kill(0);
    region.start(0);
    region.run(500);
    CHECK(region.of(0).role() == MemberRole::kFollows);
  }

  TEST_CASE("a former leader that starts alone goes on under its reign") {
    Region region{3};
    region.kill(0);
    region.kill(1);
    region.kill(2);
    region.run(5'000);
    region.start(0);
    region.run(kPromoteAfter / 2);
    CHECK(region.of(0).role() == MemberRole::kStarts);
    region.run(kPromoteAfter);
    CHECK(region.leaders() == Members{0});
    CHECK(region.of(0).reign() == 1);
  }

  // The last cards of its former self, which others pass on, come when it has started.
  TEST_CASE("a restored leader hears its former self, and goes on when that has fallen silent") {
    for (const core::Millis on_way : {Millis{0}, kPromoteAfter / 2, kPromoteAfter}) {
      CAPTURE(on_way);
      Region region{2};
      region.run(1'000);
      const SeenCard last = region[1].cards.at(node(0));
      region.kill(0);
      region.kill(1);
      region.copy(0, 1);
      region.start(1);
      SeenCard& heard = region[1].cards[node(0)] = last;
      heard.made_ms = region.situation(1).now_ms + on_way;
      region.run(kPromoteAfter / 2);
      CHECK(region.of(1).role() == MemberRole::kStarts);
      region.run(2 * kPromoteAfter);
      CHECK(region.leaders() == Members{1});
      CHECK(region.of(1).reign() == 1);
    }
  }

  TEST_CASE("a copy of a leader that lives on follows it") {
    Region region{2};
    region.kill(1);
    region.copy(0, 1);
    region.start(1);
    region.run(kPromoteAfter);
    CHECK(region.of(1).role() == MemberRole::kStarts);
    region.run(kPromoteAfter + 2 * region.times().beat_ms);
    CHECK(region.leaders() == Members{0});
    CHECK(region.of(1).role() == MemberRole::kFollows);
  }

  TEST_CASE("of six members one leads, the first of those that are left, each in its turn") {
    for (const std::size_t members : {3U, 6U}) {
      Region region{members};
      for (std::size_t dead = 0; dead + 2 < members; ++dead) {
        region.kill(dead);
        CHECK(region.until_leads(dead + 1) <= kPromoteAfter + 2 * region.times().beat_ms);
        region.run(10'000);
        CHECK(region.leaders() == Members{dead + 1});
        CHECK(region.of(dead + 1).reign() == dead + 2);
      }
    }
  }

  TEST_CASE("the member that has more of the dead leader's writes on its disk leads") {
    Region region{3};
    region.cut(0, 1);
    region.cut(1, 2);
    region.write(0, 5);
    region.run(500);
    region.kill(0);
    region.heal();
    region.per_beat = 0;  // Cards pass, operations do not.
    CHECK(region.until_leads(2) <= kPromoteAfter + 2 * region.times().beat_ms);
    CHECK(region.leaders() == Members{2});
  }

  TEST_CASE("a handover: the heir has all, and leads at once under the next reign") {
    Region region{3};
    region.write(0, 7);
    CHECK_FALSE(region[1].candidacy.hand_over(region.situation(1)).accepted);
    REQUIRE(region[0].candidacy.hand_over(region.situation(0), node(2)).accepted);
    CHECK(region.of(0).role() == MemberRole::kLeaves);
    region.run(5 * region.times().beat_ms);
    CHECK(region.leaders() == Members{2});
    CHECK(region.of(2).reign() == 2);
    CHECK_FALSE(region.of(2).blind());
    CHECK(region[2].own.applied.at(origin(0)) == 8);
  }

  TEST_CASE("a handover to a member that is too far behind fails, and the leader goes on") {
    Region region{2};
    region.per_beat = 1;
    region.write(0, 1'000);
    REQUIRE(region[0].candidacy.hand_over(region.situation(0)).accepted);
    region.run(kPromoteAfter / 2);
    CHECK(region.of(0).role() == MemberRole::kLeaves);
    region.run(kPromoteAfter);
    CHECK(region.leaders() == Members{0});
    CHECK(region.of(0).reign() == 1);
  }

  TEST_CASE("a handover is refused to a member that is away, not able, or not there") {
    Region region{2};
    region[1].own.listed = false;
    region.run(500);
    CHECK_FALSE(region[0].candidacy.hand_over(region.situation(0)).accepted);
    region[1].own.listed = true;
    region.run(500);
    CHECK_FALSE(region[0].candidacy.hand_over(region.situation(0), node(7)).accepted);
    region.kill(1);
    region.run(kPromoteAfter + 1'000);
    const auto answer = region[0].candidacy.hand_over(region.situation(0));
    CHECK_FALSE(answer.accepted);
    CHECK_FALSE(answer.why.empty());
    CHECK(region.leaders() == Members{0});
  }

  TEST_CASE("a process that stood still listens before it acts") {
    Region region{3};
    region.stand_still(1, true);
    region.run(20'000);
    region.stand_still(1, false);
    region.run(region.times().beat_ms);
    CHECK(region.leaders() == Members{0});
    CHECK(region.of(1).silence_ms() <= 2 * region.times().beat_ms);
  }

  TEST_CASE("a member that knows no leader's state, or lags by more than 30 s, does not lead") {
    Region region{2};
    region.kill(0);
    region.kill(1);
    region.run(5'000);
    region.start(1);
    region.run(60'000);
    CHECK(region.leaders().empty());
    CHECK_FALSE(region.of(1).lag_ms(0));
    CHECK(region.of(1).why_not(region.situation(1)) ==
          "since it started it has not reached a leader's state");
    const auto by_hand = region[1].candidacy.promote(region.situation(1));
    CHECK(by_hand.accepted);
    CHECK(by_hand.decision.step == Step::kPromote);
    CHECK(by_hand.decision.row == RoleRow{.leads = true, .reign = 1, .blind = false});

    Region behind{3};
    behind.per_beat = 0;
    behind.write(0);
    behind.run(31'000);
    behind.kill(0);
    behind.run(20'000);
    CHECK(behind.leaders().empty());
    CHECK(behind.of(1).why_not(behind.situation(1)).starts_with("it is "));
  }

  TEST_CASE("where all have spoken, and nobody leads, the member that has all of it leads") {
    Region region{3};
    region.write(0, 4);
    region.run(1'000);
    for (const std::size_t i : {0U, 1U, 2U}) region.kill(i);
    region[0].row.leads = false;  // As after a restart that began an origin, and follows.
    for (const std::size_t i : {0U, 1U, 2U}) region.start(i);
    region.run(kPromoteAfter + 2'000);
    CHECK(region.leaders().size() == 1);
  }

  TEST_CASE("without promote_after nobody moves but by hand") {
    Region region{2, 0};
    region.kill(0);
    region.run(120'000);
    CHECK(region.leaders().empty());
    CHECK(region[1].candidacy.promote(region.situation(1)).accepted);
    region.start(0);
    region.run(60'000);
    CHECK(region.leaders() == Members{0, 1});  // Side by side, until an operator decides.
    CHECK(region.of(1).why_not(region.situation(1)).empty());
  }

  TEST_CASE("promoted by hand a blind leader is a full one") {
    Region region{2};
    region.isolate(1);
    region.until_leads(1);
    REQUIRE(region.of(1).blind());
    CHECK_FALSE(region[1].candidacy.hand_over(region.situation(1)).accepted);
    const auto answer = region[1].candidacy.promote(region.situation(1));
    CHECK(answer.decision.row == RoleRow{.leads = true, .reign = 2, .blind = false});
    CHECK(answer.decision.writes_reign);
    CHECK_FALSE(region[1].candidacy.promote(region.situation(1)).accepted);
  }

  TEST_CASE("a leader that has begun an origin writes the row of its reign there, too") {
    Region region{2};
    region[0].own.origin = 777;
    region[0].own.own_row_reign = 0;
    const auto before = region[0].candidacy.show(region.situation(0));
    CHECK(before.end.origin == origin(0));  // Or a member that has nothing would seem to have all.
    CHECK(region[0].candidacy.turn(region.situation(0)).writes_reign);
    region[0].own.own_row_reign = 1;
    CHECK_FALSE(region[0].candidacy.turn(region.situation(0)).writes_reign);
    CHECK(region[0].candidacy.show(region.situation(0)).end.origin == 777);
  }

  TEST_CASE("the times of a region follow from promote_after and the number of members") {
    const auto usual = CandidacyTimes::of(2'000, 3);
    CHECK(usual.beat_ms == 250);
    CHECK(usual.between_ms == 500);
    CHECK(usual.link_ms == 3'000);
    CHECK(CandidacyTimes::of(2'000, 9).beat_ms == 500);
    CHECK(CandidacyTimes::of(10'000, 3).link_ms == 10'000);
    CHECK(CandidacyTimes::of(0, 3).beat_ms == 1'000);
  }
}

}  // namespace anabranch::candidacy_test
