// Replays traces of promotion_model.py, as promotion/traces.py writes them, on Candidacy:
//
//   candidacy_replay FILE...            each decision must be that of the model
//   candidacy_replay --plants FILE...   with each bug that is planted one must be another
//
// Exit 0 when that is so. The first other decision is printed with its line.
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/planted_bug.h"
#include "regions/members/candidacy.h"

namespace anabranch::test {
namespace {

using core::Bug;
using core::Hash128;
using core::Millis;
using core::VersionVector;
using nlohmann::json;
using regions::Candidacy;
using regions::CandidacyTimes;
using regions::MemberRole;
using regions::OriginEnd;
using regions::OwnState;
using regions::RoleRow;
using regions::SeenCard;
using regions::SeenLink;
using regions::Situation;

struct Plant {
  Bug bug;
  std::string_view text;
};

constexpr std::array kPlants{
    Plant{Bug::kCompareNoReigns, "two leaders compare rank and name alone"},
    Plant{Bug::kYieldToRow, "a leader steps down for a greater reign, fresh or not"},
    Plant{Bug::kYieldToUnfit, "a blind leader gives way to one that is not fit"},
    Plant{Bug::kKeepLowReign, "a leader stays under a reign below one that it knows"},
    Plant{Bug::kLeadStale, "a member that lags, or knows nothing, leads by itself"},
    Plant{Bug::kLeadUnlisted, "a member leads before it has applied the row that lists it"},
    Plant{Bug::kLeadUnstored, "a member leads, and its disk does not know"},
    Plant{Bug::kSilentReign, "a leader writes no row as its reign begins"},
    Plant{Bug::kCountStandstill, "silence counts while the process stands still"},
    Plant{Bug::kHearUnfit, "the card of an unfit leader ends silence"},
    Plant{Bug::kNoTurns, "all candidates promote themselves at once"},
    Plant{Bug::kLateTurns, "two candidates change places, and promote themselves at once"},
    Plant{Bug::kOrderByApplied, "candidates compare positions that are not on disk"},
    Plant{Bug::kOrderByNewest, "a candidate compares a position that it has not shown"},
    Plant{Bug::kMixEnds, "positions are compared although they are of different origins"},
    Plant{Bug::kCompareMoving, "positions are compared while an unfit leader goes on writing"},
    Plant{Bug::kNeverBlind, "a member that has heard nobody leads in full"},
    Plant{Bug::kStayBlind, "a blind leader that hears others takes no reign of its own"},
    Plant{Bug::kFullWhileLacking, "a blind leader becomes full before it has all"},
    Plant{Bug::kForgetBlindness, "a blind leader is full after a restart"},
    Plant{Bug::kHearLong, "a fresh card is taken for hearing"},
    Plant{Bug::kStartBesideLeader, "a start goes on although another member leads"},
    Plant{Bug::kStartUnderOldReign, "a start goes on although another member has led since"},
    Plant{Bug::kStartAtOnce, "a start does not listen"},
    Plant{Bug::kUnfitFollows, "a member that led, and is unfit as it starts, follows"},
    Plant{Bug::kHearSome, "lag is known when some of the listed members are heard"},
    Plant{Bug::kAllOfNone, "all have spoken where no member is known"},
    Plant{Bug::kLagOfBlind, "the card of a blind leader tells how old its state is"},
    Plant{Bug::kLagOfOtherOrigin, "the end of a former origin tells how old a leader's state is"},
    Plant{Bug::kShowEndEarly, "a leader shows its end in an origin that has no row of its reign"},
    Plant{Bug::kWriteReignOnce, "a leader that has begun an origin writes no row of its reign"},
    Plant{Bug::kBelieveAnyHeir, "an heir is believed although a later reign is known"},
    Plant{Bug::kHastyHandover, "the lead is handed over before the heir has everything"},
    Plant{Bug::kHeirFar, "an heir is chosen, and believed, without a direct link"},
    Plant{Bug::kHandOverForEver, "a handover that fails does not end"},
    Plant{Bug::kWaitForAll, "a member that gives way waits for ever until the other has all"},
    Plant{Bug::kWaitFarOff, "a member that gives way waits although no direct link works"},
};

// A decision that is not that of the model.
struct Differs : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Hash128 node(const json& from) { return {.high = 0, .low = from.get<std::uint64_t>()}; }

template <typename Value>
std::optional<Value> optional(const json& from) {
  return from.is_null() ? std::nullopt : std::optional<Value>{from.get<Value>()};
}

std::optional<Hash128> optional_node(const json& from) {
  return from.is_null() ? std::nullopt : std::optional<Hash128>{node(from)};
}

VersionVector vector(const json& from) {
  VersionVector vector;
  for (const json& entry : from) vector.set(entry[0], entry[1]);
  return vector;
}

OriginEnd end(const json& from) {
  return {.reign = from[0], .origin = from[1], .applied = from[2], .durable = from[3]};
}

SeenCard card(const json& from) {
  return {.node = node(from[0]),
          .opening = from[1],
          .number = from[2],
          .made_ms = from[3],
          .of_own_region = from[4],
          .role = MemberRole{from[5].get<std::uint8_t>()},
          .reign = from[6],
          .known = from[7],
          .blind = from[8],
          .fit = from[9],
          .able = from[10],
          .reach = from[11],
          .rank = from[12],
          .origin = from[13],
          .end = end(from[14]),
          .heir = optional_node(from[15])};
}

SeenLink link(const json& from) {
  return {.node = node(from[0]),
          .of_own_region = from[1],
          .built_ms = from[2],
          .role = MemberRole{from[3].get<std::uint8_t>()},
          .able = from[4],
          .lag_ms = optional<Millis>(from[5]),
          .applied = vector(from[6]),
          .durable = vector(from[7])};
}

OwnState own(const json& from) {
  OwnState own{.node = node(from[0]),
               .rank = from[1],
               .origin = from[2],
               .applied = vector(from[3]),
               .durable = vector(from[4]),
               .fit = from[5],
               .eligible = from[6],
               .listed = from[7],
               .abroad_ms = optional<Millis>(from[8]),
               .kin = {},
               .region_origins = from[10],
               .row_reign = from[11],
               .row_origin = from[12],
               .own_row_reign = from[13]};
  for (const json& each : from[9]) own.kin.push_back(node(each));
  return own;
}

// A line of a trace, read once for all bugs.
struct Line {
  json text;
  Situation at;
  OwnState after;
};

struct Trace {
  std::string path;
  std::vector<Line> lines;
};

CandidacyTimes times(const json& from) {
  return {.promote_after_ms = from[0],
          .beat_ms = from[1],
          .between_ms = from[2],
          .link_ms = from[3],
          .lag_ms = from[4]};
}

Trace read(const std::string& path) {
  std::ifstream file{path};
  if (!file) throw std::runtime_error{"cannot be read: " + path};
  Trace trace{.path = path, .lines = {}};
  CandidacyTimes now;
  for (std::string text; std::getline(file, text);) {
    Line line{.text = json::parse(text), .at = {}, .after = {}};
    if (line.text.contains("times")) now = times(line.text["times"]);
    if (line.text.contains("at")) {
      const json& at = line.text["at"];
      line.at = {
          .now_ms = at["now"], .times = now, .cards = {}, .links = {}, .own = own(at["own"])};
      for (const json& each : at["cards"]) line.at.cards.push_back(card(each));
      for (const json& each : at["links"]) line.at.links.push_back(link(each));
      if (line.text.contains("own")) line.after = own(line.text["own"]);
    }
    trace.lines.push_back(std::move(line));
  }
  return trace;
}

json optional_number(const std::optional<Hash128>& node) {
  return node ? json(node->low) : json(nullptr);
}

json said(const Candidacy& member, const Candidacy::Decision& made, const Candidacy::Shown& shown) {
  json row = nullptr;
  if (made.row) row = {made.row->leads, made.row->reign, made.row->blind};
  const bool leaves = member.role() == MemberRole::kLeaves;
  return {{"role", static_cast<int>(member.role())},
          {"reign", shown.reign},
          {"known", member.known()},
          {"blind", member.blind()},
          {"heir", optional_number(shown.heir)},
          {"to", leaves ? json(member.to().low) : json(nullptr)},
          {"silence", member.silence_ms()},
          {"row", row},
          {"writes_reign", made.writes_reign}};
}

json said(const Candidacy::Shown& shown) {
  return {shown.able,
          shown.ripe,
          shown.reach,
          {shown.end.reign, shown.end.origin, shown.end.applied, shown.end.durable},
          shown.lag_ms ? json(*shown.lag_ms) : json(nullptr)};
}

void compare(const json& model, const json& code) {
  if (model != code) throw Differs{"the model: " + model.dump() + "\n  here:      " + code.dump()};
}

class Replay {
 public:
  void play(const Line& line) {
    const json& text = line.text;
    if (text.contains("times")) members_.clear();
    if (text.contains("begin")) begin(text);
    if (text.contains("turn")) turn(line);
    if (text.contains("hand")) hand_over(line);
  }

 private:
  void begin(const json& text) {
    const json& row = text["row"];
    const RoleRow stored{.leads = row[0], .reign = row[1], .blind = row[2]};
    const auto begin =
        text["listens"].get<bool>() ? Candidacy::Begin::kListens : Candidacy::Begin::kAtOnce;
    members_.insert_or_assign(text["begin"].get<int>(), Candidacy{stored, begin});
  }

  void turn(const Line& line) {
    Candidacy& member = members_.at(line.text["turn"].get<int>());
    const Candidacy::Decision made = member.turn(line.at);
    Situation after = line.at;
    after.own = line.after;
    const Candidacy::Shown shown = member.show(after);
    member.told(shown.reach, shown.end);
    compare(line.text["then"], said(member, made, shown));
    compare(line.text["shows"], said(shown));
  }

  void hand_over(const Line& line) {
    Candidacy& member = members_.at(line.text["hand"].get<int>());
    const Candidacy::Answer answer = member.hand_over(line.at);
    compare(line.text["to"], answer.accepted ? json(member.to().low) : json(nullptr));
  }

  std::map<int, Candidacy> members_;
};

// The place of the first other decision, and both decisions; empty where there is none.
std::string difference(const Trace& trace) {
  Replay replay;
  std::size_t number = 0;
  for (const Line& line : trace.lines) {
    ++number;
    try {
      replay.play(line);
    } catch (const Differs& differs) {
      return trace.path + ':' + std::to_string(number) + ": " + differs.what();
    }
  }
  return {};
}

bool all_found(const std::vector<Trace>& traces) {
  bool all = true;
  for (const Plant& plant : kPlants) {
    core::planted_bug = plant.bug;
    std::string found;
    for (const Trace& trace : traces) {
      found = difference(trace);
      if (!found.empty()) break;
    }
    found = found.substr(0, found.find(": "));
    all = all && !found.empty();
    std::cout << plant.text << "\n  " << (found.empty() ? "MISSED" : found) << std::endl;
  }
  core::planted_bug = Bug::kNone;
  return all;
}

int run(const std::vector<std::string>& arguments) {
  const bool plants = !arguments.empty() && arguments.front() == "--plants";
  std::vector<Trace> traces;
  for (std::size_t i = plants ? 1 : 0; i < arguments.size(); ++i) {
    traces.push_back(read(arguments[i]));
    const std::string found = difference(traces.back());
    if (!found.empty()) {
      std::cerr << found << '\n';
      return EXIT_FAILURE;
    }
    if (!plants) traces.clear();
  }
  return !plants || all_found(traces) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace anabranch::test

int main(int argc, char** argv) {
  try {
    return anabranch::test::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "candidacy_replay: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
