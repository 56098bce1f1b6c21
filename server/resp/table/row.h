// A command: one row of a table. The row feeds dispatch, the checks of arity, COMMAND and HELP, and
// docs/commands.md. All of it is data; the function of the row runs the command.
//
// A row that has verbs is a container: CLIENT of CLIENT ID.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace anabranch::control {
struct Verb;
}  // namespace anabranch::control

namespace anabranch::server {

struct Call;

// The properties of a command, as a set of bits.
enum Flag : std::uint32_t {
  kReads = 1U << 0U,
  kWrites = 1U << 1U,     // Runs in a transaction.
  kFast = 1U << 2U,       // Costs about the same whatever is stored.
  kImmediate = 1U << 3U,  // Not queued between MULTI and EXEC.
  kAlone = 1U << 4U,      // Refused between MULTI and EXEC.
  kAfterCommit =
      1U << 5U,          // Reads the leader itself: earlier writes of the turn are committed first.
  kSliced = 1U << 6U,    // Removes all keys it names: many keys in slices (removals.h).
  kWhole = 1U << 7U,     // Reads a whole database.
  kLong = 1U << 8U,      // May read or answer much: then in slices (long_reads.h).
  kExecutes = 1U << 9U,  // Runs other commands, in one transaction.
  kAdmin = 1U << 10U,    // For operators.
  kSecret = 1U << 11U,   // Its words are shown to nobody: passwords.
  kStranger = 1U << 12U,  // Allowed before a client has said who it is.
  kNoted = 1U << 13U,     // Leaves a line in the log, with user and address.
  kAllKeys = 1U << 14U,   // Tells or changes keys that its words do not name.
  kLarge = 1U << 15U,     // Writes as much as is at its keys (work.h).
  kFewNames = 1U << 16U,  // At most kNamesMax.
};

// The family of a command in documentation.
enum class Group : std::uint8_t {
  kOfFamily,  // Of its file, or of its container.
  kGeneric,
  kString,
  kHash,
  kSet,
  kConnection,
  kTransactions,
  kServer,
  kCluster,
  kPubSub,
  kAnabranch,
};

// The categories of access control, in the order of Redis, as a set of bits. Those without a
// command here are known all the same: rules for Redis name them.
enum Category : std::uint32_t {
  kInKeyspace = 1U << 0U,
  kInRead = 1U << 1U,
  kInWrite = 1U << 2U,
  kInSet = 1U << 3U,
  kInSortedSet = 1U << 4U,
  kInList = 1U << 5U,
  kInHash = 1U << 6U,
  kInString = 1U << 7U,
  kInBitmap = 1U << 8U,
  kInHyperLogLog = 1U << 9U,
  kInGeo = 1U << 10U,
  kInStream = 1U << 11U,
  kInPubSub = 1U << 12U,
  kInAdmin = 1U << 13U,
  kInFast = 1U << 14U,
  kInSlow = 1U << 15U,
  kInBlocking = 1U << 16U,
  kInDangerous = 1U << 17U,
  kInConnection = 1U << 18U,
  kInTransaction = 1U << 19U,
  kInScripting = 1U << 20U,
  kInAnabranch = 1U << 21U,          // All verbs of ANABRANCH,
  kInAnabranchRead = 1U << 22U,      // those that show the leader and its peers,
  kInAnabranchAct = 1U << 23U,       // and those that change them.
  kInAnabranchSentinel = 1U << 24U,  // Who leads the region, for clients of Sentinel.
};

// What a command does with a key, as a set of bits: the first four say what happens to the key as a
// whole, the others what the command learns and changes.
enum Use : std::uint32_t {
  kReadsOnly = 1U << 0U,
  kReadsAndWrites = 1U << 1U,
  kOverwrites = 1U << 2U,
  kRemoves = 1U << 3U,
  kAccess = 1U << 4U,    // The client learns values.
  kUpdate = 1U << 5U,    // The new value may depend on the old one, or replaces it.
  kInsert = 1U << 6U,    // Only adds.
  kDelete = 1U << 7U,    // Only removes.
  kVariable = 1U << 8U,  // Depends on the options: see use_in of keys.h.
};

// The positions of keys among the words of a request; all zero: there are none.
struct KeySpec {
  int first = 0;  // Of the first key; if `counted`, of the number of keys before them.
  int last = 0;   // Of the last key; negative: from the end, -1 is the last word.
  int step = 1;
  std::uint32_t use = 0;
  bool counted = false;

  [[nodiscard]] constexpr bool any() const { return first != 0; }
};

constexpr KeySpec key_at(int position, std::uint32_t use) { return {position, position, 1, use}; }
constexpr KeySpec keys_from(int position, std::uint32_t use, int step = 1) {
  return {position, -1, step, use};
}
constexpr KeySpec counted_keys(int position, std::uint32_t use) {
  return {position, 0, 1, use, true};
}

// The commonest of them.
inline constexpr KeySpec kShownKey = key_at(1, kReadsOnly);  // Whether it is there, how big.
inline constexpr KeySpec kReadKey = key_at(1, kReadsOnly | kAccess);  // Its value.
inline constexpr KeySpec kChangedKey = key_at(1, kReadsAndWrites | kAccess | kUpdate);
inline constexpr KeySpec kUpdatedKey = key_at(1, kReadsAndWrites | kUpdate);

// Of a request with kFewNames.
inline constexpr std::size_t kNamesMax = 1000;

struct Command {
  std::string_view name = {};  // In lower case.
  int arity = 0;               // Words including the name; negative: the minimum.
  std::uint32_t flags = 0;
  std::uint16_t id = 0;  // Its position in the table; given when the table is collected.
  Group group = Group::kOfFamily;
  std::uint32_t categories = 0;  // In place of that of the group, and besides those of the flags.
  std::array<KeySpec, 2> keys = {};
  void (*run)(Call& call) = nullptr;
  // The rows of its second word, such as ID of CLIENT ID; as declared, and as collected.
  std::span<const Command> (*declared_verbs)() = nullptr;
  std::span<const Command> verbs = {};
  // The verb of ANABRANCH that it runs, or that contains its verbs: those of the control socket.
  const control::Verb* shared = nullptr;

  // ---- Documentation.

  std::string_view since = {};       // The version of Redis that has had it first, or ours.
  std::string_view usage = {};       // The arguments, for people and programs; see usage.h.
  std::string_view help = {};        // One sentence.
  std::string_view complexity = {};  // "O(1)".
  // What Redis promises and regions cannot; stands before all else.
  std::string_view caution = {};
  // What concurrent use in several regions gives; of a command that writes never empty.
  std::string_view merging = {};
  std::string_view deprecated_since = {};  // By Redis; else empty.
  std::string_view replaced_by = {};

  [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
  // Whether it runs in a transaction.
  [[nodiscard]] bool changes() const { return (flags & (kWrites | kExecutes)) != 0; }
  [[nodiscard]] bool takes(std::size_t words) const {
    const auto count = static_cast<std::size_t>(arity < 0 ? -arity : arity);
    return arity < 0 ? words >= count : words == count;
  }
};

}  // namespace anabranch::server
