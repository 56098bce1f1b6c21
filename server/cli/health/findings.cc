#include "server/cli/health/findings.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "control/listener.h"
#include "server/cli/printable.h"
#include "server/config_doubts.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

std::string text(const json& object, const char* name) {
  return printable(object.at(name).get<std::string>());
}

// What to do about a peer that is away, by a part of the reason that the status gives.
std::string remedy_of(const std::string& why) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kRemedies{{
      {"connection refused", "start its leader, or correct its address (listen there, peers here)"},
      {"no answer", "look whether its machine is up and a firewall lets the port through"},
      {"no route", "look whether its machine is up and a firewall lets the port through"},
      {"looked up", "correct the name in peers, or mend the look-up of names on this machine"},
      {"key", "compare the lists of public keys of both sides, then anabranch keys reload"},
      {"mesh", "give both the same setting mesh, or take the peer out of peers"},
      {"protocol", "upgrade the older of the two"},
      {"dials this leader", "look at the log of that peer: it has the reason"},
      {"means nothing", "correct its address: another program listens there"},
  }};
  for (const auto& [part, remedy] : kRemedies) {
    if (why.find(part) != why.npos) return std::string(remedy);
  }
  return "look at the log of both sides";
}

std::string name_of(const json& peer) {
  const std::string region = text(peer, "region");
  const std::string address = text(peer, "address");
  if (region.empty()) return "the peer at " + address;
  return "region " + region + (address.empty() ? "" : " (" + address + ")");
}

void add_peer(const json& peer, Findings& all) {
  const std::string name = name_of(peer);
  if (peer.at("paused").get<bool>()) {
    all.push_back({true, "the exchange with " + name + " is paused",
                   "anabranch peer resume " + text(peer, "region")});
  } else if (!peer.at("connected").get<bool>()) {
    const std::string why = text(peer, "away_why");
    all.push_back({true,
                   name + " is not connected, for " +
                       time_span(peer.at("away_ms").get<std::int64_t>()) +
                       (why.empty() ? "" : ": " + why),
                   remedy_of(why)});
  } else if (peer.at("catching_up").get<bool>()) {
    all.push_back({false, name + " is catching up", ""});
  }
  if (peer.at("diverged").get<bool>()) {
    all.push_back({true, name + " has applied the same and holds other rows",
                   "anabranch verify " + text(peer, "region") + " names them"});
  }
  const std::string absent = text(peer, "absent_functions");
  if (peer.at("resolvers_differ").get<bool>() || !absent.empty()) {
    all.push_back({true,
                   name + " has other functions between concurrent values" +
                       (absent.empty() ? "" : "; it lacks " + absent),
                   "give all regions the same ones"});
  }
  if (const std::string note = text(peer, "note"); !note.empty()) {
    all.push_back({true, name + ": " + note, "see the alarms in docs/operations.md"});
  }
}

void add_regions(const json& status, Findings& all) {
  std::set<std::string> peers{status.at("region").get<std::string>()};
  for (const json& peer : status.at("peers")) peers.insert(peer.at("region").get<std::string>());
  for (const json& region : status.at("regions")) {
    const bool waited = region.at("retirement").get<std::string>().empty();
    const auto bytes = region.at("pinned_bytes").get<std::uint64_t>();
    if (!waited || bytes == 0 || region.at("connected").get<bool>()) continue;
    const std::string name = text(region, "region");
    const bool is_peer = peers.contains(region.at("region").get<std::string>());
    all.push_back({!is_peer,
                   "log is kept for region " + name + ": " + byte_size(bytes) + ", for " +
                       time_span(region.at("pinned_ms").get<std::int64_t>()),
                   "start its leader, or anabranch region retire " + name});
  }
}

// One finding for each sentence of a list.
void add_sentences(const json& status, const char* list, const char* todo, Findings& all) {
  for (const json& each : status.at(list)) {
    all.push_back({true, printable(each.get<std::string>()), todo});
  }
}

void add_writes(const json& status, Findings& all) {
  if (!status.at("writable").get<bool>()) {
    all.push_back({true, "it is closed for writes, since a commit failed or its directory is gone",
                   "look for `closed for writes` in its log, mend the disk, and start it anew"});
  }
  if (status.at("full").get<bool>()) {
    all.push_back({true, "its disk is nearly full: writes that add are refused",
                   "give the disk room, or delete; it resumes by itself"});
  }
  if (status.at("draining").get<bool>()) {
    all.push_back({true, "it is being drained: writes of applications are refused",
                   "stop it, or anabranch drain --undo"});
  }
  if (status.at("transaction_ms").get<std::int64_t>() > 0) {
    all.push_back(
        {true,
         "a transaction has been running for " +
             time_span(status.at("transaction_ms").get<std::int64_t>()) +
             " and holds up all others",
         "look at the thread " + status.at("transaction_thread").dump() + " of that program"});
  }
}

bool is_open_to_machines(const json& status) {
  const auto endpoint = status.at("endpoint").get<std::string>();
  return !endpoint.empty() && endpoint.find("127.") == endpoint.npos &&
         endpoint.find("[::1]") == endpoint.npos;
}

// File systems on which locks and memory maps of several machines do not agree (statfs(2)).
bool is_network(const std::string& directory) {
  constexpr std::array kTypes{0x6969L, 0x517BL, 0xFF534D42L, 0xFE534D42L, 0x01021997L};
  struct statfs about {};
  if (::statfs(directory.c_str(), &about) != 0) return false;
  for (const long type : kTypes) {
    if (static_cast<long>(about.f_type) == type) return true;
  }
  return false;
}

void add_place(const std::string& directory, Findings& all) {
  struct stat about {};
  if (::stat(directory.c_str(), &about) == 0 && (about.st_mode & 077U) != 0) {
    all.push_back(
        {true, directory + " is open to other users of this machine", "chmod 700 " + directory});
  }
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    all.push_back({true, directory + " cannot be written by this user",
                   "run this as the user of the leader, or make that the owner"});
  }
  if (is_network(directory)) {
    all.push_back({true, directory + " is on a network file system, where data get damaged",
                   "move it to a disk of this machine while no leader runs"});
  }
}

}  // namespace

Findings findings_in_status(const json& status) {
  Findings all;
  add_writes(status, all);
  for (const json& peer : status.at("peers")) add_peer(peer, all);
  add_regions(status, all);
  for (const json& fork : status.at("forks")) {
    const std::string origin = text(fork, "origin");
    all.push_back({true,
                   "origin " + origin + " of region " + text(fork, "region") +
                       " has two histories: its directory ran twice",
                   "see Forks in docs/operations.md, then anabranch fork resolve " + origin});
  }
  if (const std::string failed = text(status.at("rejoin"), "failed"); !failed.empty()) {
    all.push_back({true, "it could not give way: " + failed, "see Forks in docs/operations.md"});
  }
  add_sentences(status, "clocks", "set that clock right; see Clocks in docs/operations.md", all);
  add_sentences(status, "unproven", "connect or start the leader that wrote them", all);
  add_sentences(status, "log_damage", "have the disk and memory of its machine looked at", all);
  add_sentences(status, "policy_troubles",
                "upgrade it, give it the function, or set another policy", all);
  if (is_open_to_machines(status) && !status.at("keyed").get<bool>()) {
    all.push_back({true,
                   "leaders of other machines connect without keys: whoever reaches the port "
                   "can write in any region's name",
                   "make keys (anabranch keys new), or close the network"});
  }
  if (status.at("peers").empty()) {
    all.push_back({false, "it has no peers: its writes are on one disk", ""});
  }
  return all;
}

Findings findings_in_mesh(const std::vector<json>& statuses) {
  Findings all;
  std::set<std::string> meshes;
  std::set<std::string> led;
  for (const json& status : statuses) {
    meshes.insert(text(status, "mesh"));
    const std::string region = text(status, "region");
    if (!status.at("follower").get<bool>() && !led.insert(region).second) {
      all.push_back({true, "region " + region + " has two leaders",
                     "stop one of them: promote a follower only when its leader is gone"});
    }
  }
  if (meshes.size() > 1) {
    all.push_back({true,
                   "they belong to " + std::to_string(meshes.size()) +
                       " meshes: " + *meshes.begin() + " and " + *meshes.rbegin(),
                   "give them the same setting mesh, or ask those of one mesh only"});
  }
  return all;
}

Findings findings_in_directory(const std::string& directory, std::uint64_t reserve_bytes) {
  namespace fs = std::filesystem;
  Findings all;
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    const fs::path parent = fs::absolute(directory, error).parent_path();
    if (fs::exists(directory, error)) {
      return {{true, directory + " is no directory", "give another one"}};
    }
    if (fs::is_directory(parent, error)) return {{false, directory + " is not there yet", ""}};
    return {{true, "neither " + directory + " nor the folder above it is there",
             "mkdir -p " + parent.string()}};
  }
  const bool has_data = fs::exists(fs::path(directory) / "data.mdb", error);
  if (!has_data && !fs::is_empty(directory, error)) {
    all.push_back({true, directory + " holds other files, and no data.mdb",
                   "give another directory, or an empty one"});
  }
  add_place(directory, all);
  struct statvfs disk {};
  const bool known = ::statvfs(directory.c_str(), &disk) == 0;
  const std::uint64_t free = known ? std::uint64_t{disk.f_bavail} * disk.f_frsize : 0;
  if (known && free < reserve_bytes + reserve_bytes / 4) {
    all.push_back({true,
                   "the disk of " + directory + " has " + byte_size(free) +
                       " free, and the reserve is " + byte_size(reserve_bytes),
                   "give the disk room"});
  }
  if (const auto path = control::control_path(directory); !path.ok()) {
    all.push_back({true, path.failure().message, "take a shorter path, or no_control = true"});
  }
  return all;
}

Findings findings_in_file(const std::string& path, Config& config) {
  Findings all;
  for (const std::string& problem : apply_file(path, config)) {
    all.push_back({true, problem, "correct that line; anabranch manual anabranch.toml.5 has all"});
  }
  if (!all.empty()) return all;
  for (const std::string& doubt : doubts(config)) {
    all.push_back(
        {true, std::string(path).append(": ").append(doubt), "correct it before the next start"});
  }
  if (const auto complete = check_complete(config); !complete.ok()) {
    all.push_back({true, path + ": " + complete.failure().message, "add it to the file"});
  }
  return all;
}

}  // namespace anabranch::server::cli
