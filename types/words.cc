// The words of the public enums, as commands, settings and JSON have them.

#include <string>
#include <string_view>

#include <anabranch/error.h>
#include <anabranch/event.h>
#include <anabranch/loser.h>
#include <anabranch/options.h>
#include <anabranch/session.h>
#include <anabranch/watch.h>

namespace anabranch {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kWrongType:
      return "wrong-type";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kReadOnly:
      return "read-only";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kNoMemory:
      return "no-memory";
  }
  return "unknown";
}

std::string_view to_string(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kPeerUp:
      return "peer-up";
    case Event::Kind::kPeerDown:
      return "peer-down";
    case Event::Kind::kPeerAway:
      return "peer-away";
    case Event::Kind::kCaughtUp:
      return "caught-up";
    case Event::Kind::kSnapshot:
      return "snapshot";
    case Event::Kind::kSnapshotOver:
      return "snapshot-over";
    case Event::Kind::kDiskFull:
      return "disk-full";
    case Event::Kind::kDiskFree:
      return "disk-free";
    case Event::Kind::kClosed:
      return "closed";
    case Event::Kind::kFork:
      return "fork";
    case Event::Kind::kConflicts:
      return "conflicts";
    case Event::Kind::kRole:
      return "role";
  }
  return "unknown";
}

std::string to_string(const Event& event) {
  std::string text(to_string(event.kind));
  if (!event.region.empty()) text += " " + event.region;
  if (!event.address.empty()) text += " at " + event.address;
  if (!event.why.empty()) text += ": " + event.why;
  if (event.total > 0) {
    text += ", " + std::to_string(event.done) + " of " + std::to_string(event.total);
  } else if (event.done > 0) {
    text += ", " + std::to_string(event.done);
  }
  if (event.missed > 0) text += " (" + std::to_string(event.missed) + " events before it missed)";
  return text;
}

std::string_view to_string(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::kPut:
      return "put";
    case Change::Kind::kRemove:
      return "remove";
    case Change::Kind::kAdd:
      return "add";
    case Change::Kind::kReset:
      return "reset";
    case Change::Kind::kClear:
      return "clear";
    case Change::Kind::kPolicy:
      return "policy";
  }
  return "unknown";
}

std::string_view to_string(Loser::Kind kind) {
  switch (kind) {
    case Loser::Kind::kMet:
      return "met";
    case Loser::Kind::kReplaced:
      return "replaced";
    case Loser::Kind::kPutBack:
      return "put back";
    case Loser::Kind::kHidden:
      return "hidden";
    case Loser::Kind::kDoomed:
      return "doomed";
  }
  return "unknown";
}

std::string_view to_string(Durability durability) {
  switch (durability) {
    case Durability::kSync:
      return "sync";
    case Durability::kInterval:
      return "interval";
    case Durability::kNone:
      return "none";
  }
  return "unknown";
}

std::string_view to_string(CompressLinks compress) {
  switch (compress) {
    case CompressLinks::kNever:
      return "never";
    case CompressLinks::kRemote:
      return "remote";
    case CompressLinks::kAlways:
      return "always";
  }
  return "unknown";
}

std::string_view to_string(WriteConcern::Level level) {
  switch (level) {
    case WriteConcern::Level::kApplied:
      return "applied";
    case WriteConcern::Level::kDurable:
      return "durable";
  }
  return "unknown";
}

}  // namespace anabranch
