// How far this region and the others are: its edits that the others have not seen, how long
// writes are on their way, and whether all regions are equal.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <anabranch/anabranch.h>

#include "examples/board/links.h"
#include "examples/board/stream.h"

namespace board {

// Thread-safe. Must not outlive its store and streams.
class Mesh {
 public:
  Mesh(anabranch::Store& store, const Links& links, Streams& streams);

  // An edit of a page was committed just now.
  void saved(const std::string& page, const std::string& request);
  // A transaction of another region was applied just now.
  void arrived(const std::string& region, std::int64_t written_ms);

  // Tells pages of the regions that have their newest edit.
  void tell_seen();
  // Returns the event `mesh`, as of now. For one thread.
  nlohmann::json state();

 private:
  using Clock = std::chrono::steady_clock;
  struct Edit {
    std::string request;
    std::string token;  // Covers it.
    Clock::time_point at;
  };
  struct Newest : Edit {
    std::map<std::string, double> took_ms;  // By the regions that have it.
    bool is_told = false;
  };
  [[nodiscard]] bool has(const std::string& region, const std::string& token) const;
  // Returns how many of the last edits a region lacks, and sets since when.
  [[nodiscard]] std::size_t unseen(const std::string& region, Clock::time_point& since);
  nlohmann::json peer(const anabranch::PeerStatus& peer, const std::vector<Link>& links);

  anabranch::Store& store_;
  const Links& links_;
  Streams& streams_;
  const std::string region_;
  std::mutex mutex_;
  std::deque<Edit> edits_;                          // The last ones that some region may lack.
  std::map<std::string, Newest> newest_;            // By page, until all regions have it.
  std::map<std::string, std::int64_t> arrived_ms_;  // By region: how long its last write took.
  std::map<std::string, std::int64_t> ahead_ms_;    // By region: its clock minus this one.
};

}  // namespace board
