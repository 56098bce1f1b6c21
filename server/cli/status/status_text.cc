#include "server/cli/status/status_text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/cli/printable.h"
#include "server/cli/rejoin_text.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

// Returns a field as text; "-" if it is empty.
std::string field(const json& object, const char* name) {
  const json& value = object.at(name);
  const std::string text = value.is_string() ? printable(value.get<std::string>()) : value.dump();
  return text.empty() ? "-" : text;
}

// "not connected for 3 min: connection refused, 41 tries, the next within 1 s".
std::string absence_of(const json& peer) {
  std::string state = "not connected";
  const auto away_ms = peer.at("away_ms").get<std::int64_t>();
  const auto tries = peer.at("tries").get<std::uint64_t>();
  if (away_ms > 0) state += " for " + time_span(away_ms);
  if (const std::string why = field(peer, "away_why"); why != "-") state += ": " + why;
  if (tries == 0) return state;
  state += ", " + std::to_string(tries) + (tries == 1 ? " try" : " tries");
  const auto next_ms = peer.value("next_try_ms", std::int64_t{-1});  // Older leaders have none.
  if (next_ms == 0) state += ", the next just now";
  if (next_ms > 0) state += ", the next within " + time_span((next_ms + 999) / 1000 * 1000);
  return state;
}

std::string state_of(const json& peer) {
  std::string state = peer.at("connected").get<bool>() ? "connected" : absence_of(peer);
  if (peer.at("paused").get<bool>()) state = "paused";
  if (peer.at("follower").get<bool>()) state = "follower, " + state;
  if (peer.at("diverged").get<bool>()) state += ", holds other rows: see anabranch verify";
  if (peer.at("resolvers_differ").get<bool>()) state += ", has other resolvers";
  const std::string absent = field(peer, "absent_functions");
  if (absent != "-") state += ", lacks the functions " + absent;
  const std::string note = field(peer, "note");
  return note == "-" ? state : state + ": " + note;
}

// The fields of a status that head_of() has words for; "clients" is for scripts.
constexpr std::array<std::string_view, 20> kInWords{
    "region",       "origin", "origin_why", "mesh",        "endpoint",
    "follower",     "full",   "writable",   "log_records", "log_bytes",
    "log_age_ms",   "rows",   "digest",     "expiries",    "expired_waiting",
    "held_batches", "keyed",  "draining",   "refusing",    "opens_anew_in_ms"};
// The figures of room_of().
constexpr std::array<std::string_view, 4> kRoom{"disk_bytes", "disk_free_bytes",
                                                "disk_reserve_bytes", "memory_bytes"};

bool is_in_words(std::string_view name) {
  return std::ranges::find(kInWords, name) != kInWords.end() ||
         std::ranges::find(kRoom, name) != kRoom.end();
}

std::string in_words(std::string_view name) {
  std::string text = printable(name);
  std::ranges::replace(text, '_', ' ');
  return text;
}

bool is_zero(const json& value) { return value == 0 || value == false || value == ""; }

// The other figures that are not 0, each under its name, parts as "2 unknown keys, 1 malformed
// frames".
void add_others(Rows& rows, const json& status) {
  for (const auto& [name, value] : status.items()) {
    if (is_in_words(name) || is_zero(value)) continue;
    if (value.is_primitive()) rows.push_back({in_words(name), field(status, name.c_str())});
    if (name != "refused" && name != "presence" && name != "cards" && name != "http") continue;
    std::string text;
    for (const auto& [part, count] : value.items()) {
      if (!is_zero(count)) text += (text.empty() ? "" : ", ") + count.dump() + ' ' + in_words(part);
    }
    if (!text.empty()) rows.push_back({in_words(name), std::move(text)});
  }
}

std::string log_of(const json& status) {
  return field(status, "log_records") + " records, " +
         byte_size(status.at("log_bytes").get<std::uint64_t>()) + " kept, the oldest for " +
         time_span(status.at("log_age_ms").get<std::int64_t>());
}

std::string writes_of(const json& status) {
  if (!status.at("writable").get<bool>()) {
    const auto wait_ms = status.value("opens_anew_in_ms", std::int64_t{0});
    return "refused until reopened" + (wait_ms > 0 ? ", in " + time_span(wait_ms) : "");
  }
  if (status.at("follower").get<bool>()) return "refused: it follows a leader of its region";
  if (status.at("draining").get<bool>()) return "refused: it is being drained";
  if (status.value("refusing", false)) {
    return "refused for now: the system has no descriptor, room or memory for them";
  }
  return status.at("full").get<bool>() ? "refused but removes: the disk is nearly full"
                                       : "accepted";
}

// "12.0 MiB on disk, 39.0 GiB free, reserve 64.0 MiB; 182.0 MiB of memory".
std::string room_of(const json& status) {
  const auto size = [&](const char* name) {
    return byte_size(status.at(name).get<std::uint64_t>());
  };
  return size("disk_bytes") + " on disk, " + size("disk_free_bytes") + " free, reserve " +
         size("disk_reserve_bytes") + "; " + size("memory_bytes") + " of memory";
}

std::string backup_of(const json& backup) {
  const bool running = backup.at("stage") != "";
  const std::string now = running ? "; one is running: " + field(backup, "stage") : "";
  if (backup.at("made_ms") == 0) return "never" + now;
  return time_span(backup.at("age_ms").get<std::int64_t>()) + " ago, " + field(backup, "rows") +
         " rows, " + byte_size(backup.at("bytes").get<std::uint64_t>()) + ", in " +
         field(backup, "path") + now;
}

std::string scrub_of(const json& scrub) {
  std::string text;
  if (scrub.at("begun_ms") != 0) {
    const auto total = std::max<std::uint64_t>(1, scrub.at("total").get<std::uint64_t>());
    const auto percent = scrub.at("done").get<std::uint64_t>() * 100 / total;
    text = std::to_string(std::min<std::uint64_t>(percent, 100)) + " % of what is stored; ";
  }
  const auto finished = scrub.at("finished_ms").get<std::int64_t>();
  text += finished == 0 ? "not all was read yet" : "all was read at " + utc_time(finished) + " UTC";
  if (scrub.at("damaged") != 0) text += "; " + field(scrub, "damaged") + " values are damaged";
  return text;
}

// Adds a row for each of some sentences.
void add_each(Rows& rows, const char* name, const json& sentences) {
  for (const json& each : sentences) rows.push_back({name, printable(each.get<std::string>())});
}

std::string head_of(const json& status) {
  Rows rows{{"region", field(status, "region")},
            {"origin", field(status, "origin")},
            {"mesh", field(status, "mesh")},
            {"listens", field(status, "endpoint")},
            {"writes", writes_of(status)},
            {"log", log_of(status)},
            {"takes", room_of(status)},
            {"rows", field(status, "rows") + ", digest " + field(status, "digest")},
            {"expiries", field(status, "expiries") + ", " + field(status, "expired_waiting") +
                             " keys wait to be cleared"},
            {"held", field(status, "held_batches") + " batches wait for others"}};
  if (!status.at("forks").empty()) {
    rows.push_back({"forks", std::to_string(status.at("forks").size()) +
                                 " origins have two histories: see fork list"});
  }
  if (std::string text = rejoin_text(status.at("rejoin")); !text.empty()) {
    text.pop_back();
    rows.push_back({"rejoin", std::move(text)});
  }
  if (status.at("origin_why") != "") {
    rows.insert(rows.begin() + 2, {"", "began because " + field(status, "origin_why")});
  }
  if (const json& conflicts = status.at("conflicts"); conflicts.at("entries") != 0) {
    rows.push_back({"conflicts", field(conflicts, "entries") + " in the log, " +
                                     byte_size(conflicts.at("bytes").get<std::uint64_t>()) +
                                     ": see conflicts list"});
  }
  rows.push_back({"backup", backup_of(status.at("backup"))});
  rows.push_back({"verified", scrub_of(status.at("scrub"))});
  rows.push_back({"links", status.at("keyed").get<bool>() ? "with keys" : "without keys"});
  add_each(rows, "clock", status.at("clocks"));
  add_each(rows, "unproven", status.at("unproven"));
  add_each(rows, "policy", status.at("policy_troubles"));
  add_each(rows, "function", status.at("resolver_alarms"));
  add_each(rows, "storage", status.at("storage_damage"));
  if (status.at("rows_again") != "") {
    rows.push_back(
        {"rows", "all are taken again from another region: " + field(status, "rows_again")});
  }
  add_each(rows, "log", status.at("log_lost"));
  add_each(rows, "log", status.at("log_damage"));
  for (const json& warning : status.at("warnings")) {
    if (warning.at("kind") == "lag") rows.push_back({"lag", field(warning, "text")});
  }
  if (const std::size_t warnings = status.at("warnings").size(); warnings > 0) {
    rows.push_back({"warnings", std::to_string(warnings) + ": see anabranch doctor"});
  }
  add_others(rows, status);
  return table_of(rows);
}

std::string peers_of(const json& status) {
  Rows rows{{"peer", "address", "origin", "lag ops", "lag ms", "behind ops", "state"}};
  for (const json& peer : status.at("peers")) {
    rows.push_back({field(peer, "region"), field(peer, "address"), field(peer, "origin"),
                    field(peer, "lag_ops"), field(peer, "behind_ms"), field(peer, "behind_ops"),
                    state_of(peer)});
  }
  return rows.size() == 1 ? "no peers\n" : table_of(rows);
}

// "fits", or the reasons for concern.
std::string state_of_member(const json& member) {
  std::string state = member.at("self").get<bool>() ? "this one" : "";
  const auto add = [&](const std::string& text) { state += (state.empty() ? "" : ", ") + text; };
  if (!member.at("fresh").get<bool>()) {
    add("not heard for " + time_span(member.at("age_ms").get<std::int64_t>()));
  }
  if (!member.at("fit").get<bool>()) add("not fit: " + field(member, "why"));
  if (field(member, "role") == "follows" && member.value("able", false)) add("able");
  if (const std::string note = field(member, "note"); note != "-") add(note);
  return state.empty() ? "fit" : state;
}

// Lists the members of all regions; empty if this one is alone, or the leader is of a version
// without cards.
std::string members_of(const json& status) {
  const json members = status.value("members", json::array());
  if (members.size() < 2) return "";
  Rows rows{{"member", "region", "role", "zone", "rank", "lag ms", "state"}};
  for (const json& member : members) {
    const bool knows_lag = member.at("lag_ms").get<std::int64_t>() >= 0;
    rows.push_back({field(member, "name"), field(member, "region"), field(member, "role"),
                    field(member, "zone"), field(member, "rank"),
                    knows_lag ? field(member, "lag_ms") : "?", state_of_member(member)});
  }
  return table_of(rows) + '\n';
}

// Lists the regions for which the log is kept; empty if all regions have everything.
std::string pins_of(const json& status) {
  Rows rows{{"kept for", "bytes", "since", "is"}};
  for (const json& region : status.at("regions")) {
    const auto bytes = region.at("pinned_bytes").get<std::uint64_t>();
    if (bytes == 0) continue;
    rows.push_back({field(region, "region"), byte_size(bytes),
                    time_span(region.at("pinned_ms").get<std::int64_t>()),
                    region.at("connected").get<bool>() ? "connected" : "away"});
  }
  return rows.size() == 1 ? "" : table_of(rows) + '\n';
}

// Formats a number; 0 means unknown.
std::string known(const json& number) {
  return number == 0 ? "?" : std::to_string(number.get<std::uint64_t>());
}

// Lists the snapshots in progress.
std::string snapshots_of(const json& status) {
  Rows rows{{"snapshot", "is", "rows", "bytes", "rows/s", "time left"}};
  for (const json& snapshot : status.at("snapshots")) {
    const auto seconds = snapshot.at("seconds_left").get<std::int64_t>();
    rows.push_back({field(snapshot, "region"), field(snapshot, "stage"),
                    field(snapshot, "rows") + " of " + known(snapshot.at("rows_total")),
                    field(snapshot, "bytes") + " of " + known(snapshot.at("bytes_total")),
                    known(snapshot.at("rows_per_second")),
                    seconds < 0 ? "?" : time_span(seconds * 1000)});
  }
  return rows.size() == 1 ? "" : table_of(rows) + '\n';
}

std::string applied_of(const json& status) {
  Rows rows{{"applied", "origin", "seq", "is"}};
  for (const json& applied : status.at("applied")) {
    const std::string state = field(applied, "state");
    rows.push_back({field(applied, "region"), field(applied, "origin"), field(applied, "seq"),
                    state == "-" ? "" : state});
  }
  return rows.size() == 1 ? "nothing applied yet\n" : table_of(rows);
}

// Returns the rows of a region: one for each of its leaders and followers that are peers.
Rows region_rows(const json& region, const json& status) {
  const std::string kept = byte_size(region.at("pinned_bytes").get<std::uint64_t>());
  const std::string name = field(region, "region");
  if (region.at("region") == status.at("region")) {
    const bool follows = status.at("follower").get<bool>();
    return {{name, "-", "-", "-", follows ? "this leader, which follows" : "this leader"}};
  }
  const std::string retirement = field(region, "retirement");
  Rows rows;
  for (const json& peer : status.at("peers")) {
    if (peer.at("region") != region.at("region")) continue;
    rows.push_back({name, field(peer, "lag_ops"), field(peer, "behind_ms"), kept,
                    (retirement == "-" ? "" : retirement + ", ") + state_of(peer)});
  }
  if (!rows.empty()) return rows;
  return {{name, "?", "?", kept,
           retirement == "-" ? "no peer of this leader: ask a neighbour of it" : retirement}};
}

}  // namespace

std::string status_text(const json& status) {
  return head_of(status) + '\n' + peers_of(status) + '\n' + members_of(status) + pins_of(status) +
         snapshots_of(status) + applied_of(status);
}

std::string mesh_text(const json& status) {
  Rows rows{{"region", "lag ops", "lag ms", "log kept", "is"}};
  const auto add = [&](Rows more) { std::ranges::move(more, std::back_inserter(rows)); };
  for (const json& region : status.at("regions")) add(region_rows(region, status));
  for (const json& peer : status.at("peers")) {
    if (peer.at("region") != "") continue;
    add({{field(peer, "address"), "?", "?", "?", state_of(peer)}});
  }
  return table_of(rows);
}

}  // namespace anabranch::server::cli
