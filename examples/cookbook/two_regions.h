// Two leaders in one process, so that the recipes can show the exchange between regions. In
// practice each is a process of its own, far from the other.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <anabranch/anabranch.h>

namespace cookbook {

namespace ab = anabranch;

// A folder that is removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "anabranch-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw ab::Error(ab::ErrorCode::kIo, "no folder: " + name);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

class TwoRegions {
 public:
  // Both regions are given the same functions, for policies that name them.
  explicit TwoRegions(std::vector<ab::Resolver> functions = {}) : functions_(std::move(functions)) {
    meet();
  }

  // Cuts the link: both regions continue alone.
  void part() {
    eu.pause("us");
    us.pause("eu");
  }
  // Restores the link, and returns when each region has the writes of the other.
  void meet() {
    eu.resume("us");
    us.resume("eu");
    constexpr std::chrono::seconds kTimeout{30};
    (void)us.session(eu.token(), kTimeout);
    (void)eu.session(us.token(), kTimeout);
  }

 private:
  Folder folder_;
  std::vector<ab::Resolver> functions_;

 public:
  ab::Store eu = ab::Store::open({.path = folder_.file("eu"),
                                  .region = "eu",
                                  .listen = "tcp://127.0.0.1:0",
                                  .functions = functions_});
  ab::Store us = ab::Store::open({.path = folder_.file("us"),
                                  .region = "us",
                                  .listen = "tcp://127.0.0.1:0",
                                  .peers = {eu.status().endpoint},
                                  .functions = functions_});
};

}  // namespace cookbook
