// The one exception of the public API.
//
// Absence is never an error: it is an empty optional or `false`. An Error reports a failed
// operation; its code tells the caller how to react.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace anabranch {

enum class ErrorCode {
  kInvalid,    // The call or its arguments are wrong. Mend the caller; retrying is useless.
  kWrongType,  // The key holds another type. Use that type, or remove the key first.
  kTooLarge,   // A key, a value, a transaction or a number is over a limit named in the message.
  kTimeout,    // Not in time: an awaited event, or the end of a read. Retry later.
  kBusy,       // In use elsewhere (a second process on one data directory, a port).
  kClosed,     // The store is closed, or closed for writes after a failed commit. Reopen it.
  kReadOnly,   // The store follows a leader. Write there, or promote it.
  kIo,         // The disk or the network failed; the message names the call. Nothing was stored.
  kCorrupt,    // Stored or received bytes differ from those written. Restore or ask a peer.
  // A policy of a newer version decides here. Upgrade this process; writes go on meanwhile.
  kUnsupported,
  // A function between concurrent values (conflict.h) had no memory. Read again later; nothing is
  // wrong with the data.
  kNoMemory,
};

// Returns the code in words: "invalid", "wrong-type", "read-only".
[[nodiscard]] std::string_view to_string(ErrorCode code);

// The message names the failed operation, and its region and key where known. Copyable,
// thread-safe.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace anabranch
