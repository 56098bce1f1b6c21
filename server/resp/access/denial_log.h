// ACL LOG: requests that were denied and logins that failed, the newest first. What repeats within
// a minute is one entry with a count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace anabranch::server {

struct DenialEntry {
  enum class Reason : std::uint8_t { kCommand, kKey, kLogin };

  Reason reason = Reason::kCommand;
  bool in_transaction = false;
  std::string object = {};  // A command, a key, or the word of the login.
  std::string user = {};
  std::string client = {};   // Its line of CLIENT LIST, of the last time.
  std::int64_t time_ms = 0;  // Of the last time, since 1970.
  std::uint64_t count = 1;
};

class DenialLog {
 public:
  static constexpr std::size_t kEntriesMax = 128;
  static constexpr std::size_t kBytesMax =
      1024;  // Of a text; the rest of a longer one is left out.

  void add(DenialEntry entry);
  [[nodiscard]] const std::deque<DenialEntry>& all() const { return entries_; }
  void reset() { entries_.clear(); }
  // How many there were since the start.
  [[nodiscard]] std::uint64_t denied() const { return denied_; }
  [[nodiscard]] std::uint64_t failed_logins() const { return failed_logins_; }

 private:
  std::deque<DenialEntry> entries_;
  std::uint64_t denied_ = 0;
  std::uint64_t failed_logins_ = 0;
};

}  // namespace anabranch::server
