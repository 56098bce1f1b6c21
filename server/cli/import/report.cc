#include "server/cli/import/report.h"

#include <algorithm>
#include <chrono>
#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kExamplesMax = 3;
constexpr std::size_t kExampleBytes = 60;
constexpr std::chrono::seconds kSayEvery{2};

}  // namespace

void Report::count_one(Reason& reason, std::uint32_t database, std::string_view key) {
  ++reason.count;
  if (reason.examples.size() >= kExamplesMax || key.empty()) return;
  const bool cut = key.size() > kExampleBytes;
  reason.examples.push_back(in_quotes(key.substr(0, kExampleBytes)) + (cut ? "..." : "") +
                            (database == 0 ? "" : " of database " + std::to_string(database)));
}

void Report::leave_out(const std::string& reason, std::uint32_t database, std::string_view key) {
  count_one(reasons_[reason], database, key);
}

void Report::keep(std::uint32_t database, std::string_view key) {
  ++existed;
  count_one(kept_, database, key);
}

std::uint64_t Report::left_out() const {
  std::uint64_t sum = 0;
  for (const auto& [name, reason] : reasons_) sum += reason.count;
  return sum;
}

std::string Report::examples_of(const Reason& reason) {
  std::string text;
  for (const std::string& each : reason.examples) text += (text.empty() ? ": " : ", ") + each;
  return text + (reason.count > reason.examples.size() && !text.empty() ? ", ..." : "");
}

std::string Report::text() const {
  std::string text = std::to_string(keys) + " keys imported, " + byte_size(bytes) + '\n';
  if (overwritten > 0) text += std::to_string(overwritten) + " of them replaced keys\n";
  if (expired > 0) text += std::to_string(expired) + " had expired\n";
  if (existed > 0) {
    text += std::to_string(existed) + " were there already and stay as they are" +
            examples_of(kept_) + '\n';
  }
  for (const auto& [name, reason] : reasons_) {
    text += "left out, " + name + ": " + std::to_string(reason.count) + examples_of(reason) + '\n';
  }
  return text;
}

json Report::json() const {
  nlohmann::json reasons = json::object();
  for (const auto& [name, reason] : reasons_) {
    reasons[name] = {{"count", reason.count}, {"examples", reason.examples}};
  }
  return {{"keys", keys},
          {"bytes", bytes},
          {"existed", existed},
          {"expired", expired},
          {"overwritten", overwritten},
          {"reasons", reasons},
          {"kept", kept_.examples}};
}

Report Report::of_json(const nlohmann::json& json) {
  Report report;
  json.at("keys").get_to(report.keys);
  json.at("bytes").get_to(report.bytes);
  json.at("existed").get_to(report.existed);
  json.at("expired").get_to(report.expired);
  json.at("overwritten").get_to(report.overwritten);
  json.at("kept").get_to(report.kept_.examples);
  report.kept_.count = report.existed;
  for (const auto& [name, reason] : json.at("reasons").items()) {
    report.reasons_[name] = {reason.at("count").get<std::uint64_t>(),
                             reason.at("examples").get<std::vector<std::string>>()};
  }
  return report;
}

ProgressLines::ProgressLines(std::uint64_t total, const Report& begun)
    : total_(total), keys_before_(begun.passed()), bytes_before_(begun.bytes) {}

void ProgressLines::say(const Report& report) {
  const SteadyTime now = steady_now();
  if (now - said_ < kSayEvery) return;
  said_ = now;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun_).count();
  const auto took = static_cast<std::uint64_t>(ms);
  const std::uint64_t passed = report.passed();
  const std::uint64_t rate = (passed - std::min(passed, keys_before_)) * 1000 / took;
  const std::uint64_t flow = (report.bytes - bytes_before_) * 1000 / took;
  const std::uint64_t left = total_ - std::min(total_, passed);
  std::string line = "anabranch: " + std::to_string(passed) + " of " + std::to_string(total_) +
                     " keys, " + byte_size(report.bytes) + ", " + std::to_string(rate) +
                     " keys/s, " + byte_size(flow) + "/s";
  if (rate > 0) line += ", " + time_span(static_cast<std::int64_t>(left / rate) * 1000) + " left";
  std::cerr << line + '\n';
}

}  // namespace anabranch::server::cli
