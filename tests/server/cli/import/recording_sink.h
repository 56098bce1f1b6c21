// A sink that notes as text all that a source of keys hands over.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/assert.h"
#include "server/cli/import/key_sink.h"

namespace anabranch::test {

class RecordingSink final : public server::cli::KeySink {
 public:
  core::Result<void> boundary(const server::cli::Position& position) override {
    ANABRANCH_ASSERT(!is_open_);
    positions.push_back(position);
    return {};
  }
  core::Result<void> begin(server::cli::KeyHead head) override {
    ANABRANCH_ASSERT(!is_open_);
    is_open_ = true;
    name_ = std::to_string(head.database) + "/" + head.key;
    constexpr const char* kKinds[] = {"string", "hash", "set"};
    keys[name_] = kKinds[static_cast<int>(head.kind)];
    if (head.expires_ms) keys[name_] += " until " + std::to_string(*head.expires_ms);
    return {};
  }
  core::Result<void> item(std::string_view first, std::string_view second) override {
    ANABRANCH_ASSERT(is_open_);
    keys[name_].append(" ").append(first);
    if (!second.empty()) keys[name_].append("=").append(second);
    bytes += first.size() + second.size();
    return {};
  }
  core::Result<void> end() override {
    ANABRANCH_ASSERT(is_open_);
    is_open_ = false;
    return {};
  }
  void leave_out(const std::string& reason, std::uint32_t database, std::string_view key) override {
    left_out.push_back(reason + " " + std::to_string(database) + "/" + std::string(key));
  }

  std::map<std::string, std::string> keys;
  std::vector<std::string> left_out;
  std::vector<server::cli::Position> positions;
  std::size_t bytes = 0;

 private:
  bool is_open_ = false;
  std::string name_;
};

}  // namespace anabranch::test
