// The numbers of types in files that Redis saves.
#pragma once

#include <cstdint>

namespace anabranch::server::cli {

enum RdbType : std::uint8_t {
  kRdbString = 0,
  kRdbList = 1,
  kRdbSet = 2,
  kRdbScores = 3,
  kRdbHash = 4,
  kRdbScores2 = 5,
  kRdbModule = 6,
  kRdbModule2 = 7,
  kRdbHashZipmap = 9,
  kRdbListZiplist = 10,
  kRdbSetIntset = 11,
  kRdbScoresZiplist = 12,
  kRdbHashZiplist = 13,
  kRdbQuicklist = 14,
  kRdbStream = 15,
  kRdbHashListpack = 16,
  kRdbScoresListpack = 17,
  kRdbQuicklist2 = 18,
  kRdbStream2 = 19,
  kRdbSetListpack = 20,
  kRdbStream3 = 21,
  kRdbHashExpiring0 = 22,
  kRdbHashExpiringListpack0 = 23,
  kRdbHashExpiring = 24,
  kRdbHashExpiringListpack = 25,
};

}  // namespace anabranch::server::cli
