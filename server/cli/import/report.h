// The deeds of an import, and the keys that it left out, with the reasons; as lines for people and
// as JSON for a later run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "server/steady_clock.h"

namespace anabranch::server::cli {

// Not thread-safe. Bounded: reasons are texts of this program, examples are few and short.
class Report {
 public:
  std::uint64_t keys = 0;   // Written.
  std::uint64_t bytes = 0;  // Of their names and contents.
  std::uint64_t existed = 0;
  std::uint64_t overwritten = 0;
  std::uint64_t expired = 0;

  void leave_out(const std::string& reason, std::uint32_t database, std::string_view key);
  // The same for a key that was at the target before and stays as it is there.
  void keep(std::uint32_t database, std::string_view key);

  [[nodiscard]] std::uint64_t left_out() const;
  // Returns how many keys are dealt with, in whatever way.
  [[nodiscard]] std::uint64_t passed() const { return keys + existed + expired + left_out(); }
  // Returns the lines for the end.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] nlohmann::json json() const;
  // Reads what json() gave. Throws nlohmann::json::exception if it is something else.
  static Report of_json(const nlohmann::json& json);

 private:
  struct Reason {
    std::uint64_t count = 0;
    std::vector<std::string> examples;
  };
  static void count_one(Reason& reason, std::uint32_t database, std::string_view key);
  [[nodiscard]] static std::string examples_of(const Reason& reason);

  std::map<std::string, Reason> reasons_;
  Reason kept_;
};

// The lines of progress on standard error, every two seconds at most.
class ProgressLines {
 public:
  // Of `total` keys.
  explicit ProgressLines(std::uint64_t total, const Report& begun);

  void say(const Report& report);

 private:
  std::uint64_t total_;
  std::uint64_t keys_before_;
  std::uint64_t bytes_before_;
  SteadyTime begun_ = steady_now();
  SteadyTime said_ = begun_;
};

}  // namespace anabranch::server::cli
