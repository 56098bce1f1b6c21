// Stores of a test: options for a folder, waiting for other leaders, and visible values.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include <anabranch/anabranch.h>

#include "tests/temp_dir.h"

namespace anabranch::test {

// The map is small: the thread sanitizer leaves no room for two of the default size.
inline Options store_options(const TempDir& folder, const std::string& region) {
  return {.path = (folder.path() / region).string(),
          .region = region,
          .map_bytes = std::size_t{1} << 30U};
}

// With a port that others can dial; and dialling another store.
inline Options listening(const TempDir& folder, const std::string& region) {
  Options options = store_options(folder, region);
  options.listen = "tcp://127.0.0.1:0";
  return options;
}

inline Options dialling(const TempDir& folder, const std::string& region, const Store& peer) {
  Options options = listening(folder, region);
  options.peers = {peer.status().endpoint};
  return options;
}

// Whether a store is connected to a region.
inline bool knows(const Store& store, const std::string& region) {
  const StoreStatus status = store.status();
  return std::ranges::any_of(status.peers, [&](const PeerStatus& peer) {
    return peer.region == region && peer.connected;
  });
}

// Waits until a condition holds; returns false when it does not within generous time: sanitized
// programs on a slow machine beside others have taken half a minute for seconds of work.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Everything that database 0 shows, by path: one consistent state.
inline std::map<std::vector<std::string>, std::string> shown(const Scope& scope) {
  std::map<std::vector<std::string>, std::string> all;
  scope.scan(Key::all(0), [&](const Entry& entry) {
    all[entry.path] = entry.value;
    return true;
  });
  return all;
}

// The error code that a function throws; fails loudly when it throws nothing.
inline ErrorCode code_of(const std::function<void()>& function, std::string* message = nullptr) {
  try {
    function();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace anabranch::test
