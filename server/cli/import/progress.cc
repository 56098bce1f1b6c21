#include "server/cli/import/progress.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/text.h"
#include "server/cli/ask.h"
#include "server/cli/printable.h"
#include "server/resp/access/user_file.h"

namespace anabranch::server::cli {
namespace {

using core::Result;
using nlohmann::json;

// The form of the file. Another number is refused.
constexpr int kForm = 1;

}  // namespace

Progress::Progress(const std::string& folder, const std::string& from, const std::string& to)
    : from_(printable(from)), to_(printable(to)) {
  const std::string name = "import-" + core::to_string(core::digest128(from + '\n' + to)) + ".json";
  path_ = (std::filesystem::path(folder) / name).string();
}

Result<bool> Progress::load() {
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return false;
  const Result<std::string> text = read_user_file(path_);
  if (!text.ok()) return text.failure();
  try {
    const json all = json::parse(text.value());
    if (all.at("form") != kForm || all.at("from") != from_ || all.at("to") != to_) {
      return core::invalid(path_ +
                           " is of another import, or of another version: --again begins "
                           "anew");
    }
    all.at("source").get_to(source_state_);
    if (!all.at("at").is_null()) {
      position_ = {all.at("database").get<std::uint32_t>(), all.at("at").get<std::uint64_t>()};
    }
    report_ = Report::of_json(all.at("report"));
    for (const json& key : all.at("keys")) {
      earlier_.emplace(key.at(0).get<std::uint32_t>(),
                       bytes_of({{"hex", key.at(1).get<std::string>()}}));
    }
  } catch (const json::exception& error) {
    return core::invalid(path_ + " cannot be read (" + error.what() + "): --again begins anew");
  }
  return true;
}

Result<void> Progress::save() {
  json keys = json::array();
  for (const Keys* named : {&keys_, &earlier_}) {
    for (const auto& [database, key] : *named) keys.push_back({database, core::to_hex(key)});
  }
  const json all{{"form", kForm},
                 {"from", from_},
                 {"to", to_},
                 {"source", source_state_},
                 {"database", position_ ? position_->database : 0},
                 {"at", position_ ? json(position_->at) : json()},
                 {"report", report_.json()},
                 {"keys", keys}};
  return write_user_file(path_, all.dump());
}

Result<void> Progress::remove() {
  if (::unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
  return core::Failure{ErrorCode::kIo, "cannot remove " + path_ + ": " + std::strerror(errno)};
}

void Progress::move_to(const Position& position, const Report& report) {
  position_ = position;
  report_ = report;
  keys_.clear();
}

void Progress::claim(std::uint32_t database, const std::string& key) {
  keys_.emplace(database, key);
  earlier_.erase({database, key});
}

bool Progress::has(std::uint32_t database, const std::string& key) const {
  return keys_.contains({database, key}) || earlier_.contains({database, key});
}

bool Progress::set_source_state(const std::string& state) {
  const bool changed = position_.has_value() && source_state_ != state;
  source_state_ = state;
  if (!changed) return false;
  position_.reset();
  report_ = {};
  return true;
}

}  // namespace anabranch::server::cli
