#include "server/cli/health/findings.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "control/listener.h"
#include "server/cli/config/service_user.h"
#include "server/cli/printable.h"
#include "server/config_doubts.h"
#include "storage/disk_room.h"
#include "transport/address.h"
#include "transport/zmq/reach_probe.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

std::string text(const json& object, const char* name) {
  return printable(object.at(name).get<std::string>());
}

// What is no fault, and worth knowing.
void add_notes(const json& status, Findings& all) {
  std::set<std::string> peers;
  for (const json& peer : status.at("peers")) {
    peers.insert(peer.at("region").get<std::string>());
    const bool catches_up = peer.at("catching_up").get<bool>() && peer.at("connected").get<bool>();
    if (!catches_up || peer.at("paused").get<bool>()) continue;
    all.push_back({false, "region " + text(peer, "region") + " is catching up", ""});
  }
  for (const json& region : status.at("regions")) {
    const auto bytes = region.at("pinned_bytes").get<std::uint64_t>();
    const bool is_away = region.at("retirement") == "" && !region.at("connected").get<bool>();
    if (!is_away || bytes == 0 || !peers.contains(region.at("region").get<std::string>())) continue;
    const std::string name = text(region, "region");
    all.push_back({false,
                   "log is kept for region " + name + ": " + byte_size(bytes) + ", for " +
                       time_span(region.at("pinned_ms").get<std::int64_t>()),
                   "start its leader, or anabranch region retire " + name});
  }
  if (peers.empty()) all.push_back({false, "it has no peers: its writes are on one disk", ""});
}

// Once it is promoted, a follower that is linked with its own region alone has nobody to send to.
void add_lone_follower(const json& status, Findings& all) {
  if (!status.at("follower").get<bool>()) return;
  const auto is_other = [&](const json& each) { return each.at("region") != status.at("region"); };
  const auto counts = [&](const json& each) {
    return is_other(each) && each.at("retirement") == "";
  };
  if (std::ranges::none_of(status.at("regions"), counts)) return;
  if (std::ranges::any_of(status.at("peers"), is_other)) return;
  all.push_back({true, "it follows, and has no link to another region: promoted, it would be alone",
                 "give it the peers of its leader, too"});
}

constexpr const char* kAsItsUser = "run this as the user of the leader, or as root";

// Why this user does not see a directory, or its files; empty if that is no question of rights.
std::string why_hidden(const std::string& directory) {
  std::error_code error;
  const std::filesystem::directory_iterator files(directory, error);
  if (error != std::errc::permission_denied) return {};
  return directory + " cannot be looked into by this user: " + error.message();
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
  for (const json& warning : status.at("warnings")) {
    all.push_back({true, text(warning, "text"), text(warning, "what_to_do"),
                   "docs/operations/alarms.md#" + text(warning, "kind")});
  }
  add_lone_follower(status, all);
  add_notes(status, all);
  return all;
}

Findings findings_at_announced_places(const json& status) {
  constexpr std::size_t kTriesMax = 16;
  constexpr std::chrono::milliseconds kTimeout{1000};
  Findings all;
  std::size_t tries = 0;
  for (const json& member : status.value("members", json::array())) {
    const bool is_there = member.at("region") == status.at("region") && member.at("fresh");
    if (!is_there) continue;
    for (const char* const name :
         {"announce_redis", "announce_redis_tls", "announce_sentinel", "announce_peer"}) {
      const auto place = member.at(name).get<std::string>();
      if (place.empty() || ++tries > kTriesMax) continue;
      constexpr std::string_view kScheme = "tcp://";
      const std::string address = place.starts_with(kScheme) ? place : "tcp://" + place;
      const bool may_be = transport::check_address(address, transport::AddressUse::kDial).ok();
      const std::string why =
          may_be ? transport::why_unreachable(address, kTimeout) : "that is no address";
      if (why.empty()) continue;
      all.push_back({true,
                     "member " + text(member, "name") + " announces " + name + " = " +
                         printable(place) + ", and nobody answers there: " + printable(why),
                     "correct that setting of the member, or open the way from this machine"});
    }
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

Findings findings_between(const Config& config, const json& status) {
  Findings all;
  const auto compare = [&](const char* name, const std::string& set) {
    const std::string led = text(status, name);
    if (set.empty() || printable(set) == led) return;
    all.push_back({true,
                   std::string(name) + " is " + printable(set) +
                       " in it, and the leader that has the directory has " + led,
                   "correct the file; the data keep their " + std::string(name)});
  };
  compare("region", config.store.region);
  compare("mesh", config.store.mesh);
  return all;
}

Findings findings_in_directory(const std::string& directory, std::uint64_t reserve_bytes) {
  namespace fs = std::filesystem;
  Findings all;
  std::error_code error;
  if (std::string why = why_hidden(directory); !why.empty()) {
    return {{true, std::move(why), kAsItsUser}};
  }
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
  const storage::DiskRoom room = known ? storage::room_of(disk) : storage::DiskRoom();
  if (known && room.bytes < reserve_bytes + reserve_bytes / 4) {
    all.push_back({true,
                   "the disk of " + directory + " has " + byte_size(room.bytes) + " free" +
                       (room.lacks_inodes ? ", since it takes few more files (df -i)" : "") +
                       ", and the reserve is " + byte_size(reserve_bytes),
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
  for (const std::string& note : notes(config)) {
    all.push_back({false, std::string(path).append(": ").append(note), ""});
  }
  const ServiceUser user(config.store.path);
  for (const std::string& doubt : doubts(config)) {
    all.push_back({true, std::string(path).append(": ").append(doubt),
                   std::string("correct it before the next start") +
                       (user.who().empty() ? "" : "; its files were read as " + user.who())});
  }
  if (!ServiceUser::may_read(path)) {
    all.push_back({true, path + ": it cannot be read by " + user.who(), "chgrp and chmod it"});
  }
  if (const auto complete = check_complete(config); !complete.ok()) {
    all.push_back({true, path + ": " + complete.failure().message, "add it to the file"});
  }
  return all;
}

}  // namespace anabranch::server::cli
