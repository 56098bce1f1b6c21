// Messages between leaders, for tests of their encoding.
#pragma once

#include <string>
#include <vector>

#include "regions/wire/message.h"

namespace anabranch::test {

inline const core::VersionVector kVector{{1, 2}, {0x8000000000000000, 0xFFFFFFFFFFFFFFFF}};
inline const std::vector<core::ChainHash> kChains{core::chain_hash("one"), core::chain_hash("two")};

inline std::vector<regions::Message> greetings_and_heartbeats() {
  return {
      regions::Greeting{
          regions::Greeting::kProtocol, {3, 4}, "eu-west", 7, 0xFFFFFFFFFFFFFFFF, kVector},
      regions::Greeting{regions::Greeting::kProtocol, {3, 4}, "eu-west", 7, 8, kVector, kChains},
      regions::Greeting{regions::Greeting::kProtocol,
                        {3, 4},
                        "eu-west",
                        7,
                        8,
                        kVector,
                        {},
                        core::Hash128{5, 6},
                        true},
      regions::Greeting{
          regions::Greeting::kProtocol, {3, 4}, "eu-west", 7, 8, kVector, {}, {}, false, true},
      regions::Greeting{.mesh = {3, 4},
                        .region = "eu-west",
                        .origin = 7,
                        .applied = {},
                        .renewals = 1,
                        .kinds = 16},
      regions::Heartbeat{kVector, {}, {12345}},
      regions::Heartbeat{kVector, {}, {12345}, kChains},
      regions::Heartbeat{
          kVector, kVector, {12345}, kChains, core::Hash128{1, 0xFFFFFFFFFFFFFFFF}, 7},
      regions::Heartbeat{.applied = kVector,
                         .durable = kVector,
                         .hlc = {12345},
                         .wall_ms = -1,
                         .sent_ms = 8,
                         .echo = regions::Echo{9, -1},
                         .settled = core::Hash128{5, 6},
                         .left_out = true,
                         .reports = {{1, 1}},
                         .clocks = {{1, 2}},
                         .heard = {{1, 2, 3, -4, 5}, {2, 1, 0, 0, 0}},
                         .sender = 0xFFFFFFFFFFFFFFFF},
      regions::Heartbeat{
          .applied = kVector, .durable = {}, .hlc = {1}, .rules = regions::LocalRules{}},
      regions::Heartbeat{
          .applied = {},
          .durable = {},
          .hlc = {1},
          .rules = regions::LocalRules{core::Hash128{7, 8}, {"farthest", "nearest"}}},
      regions::Heartbeat{},
  };
}

// A card with all that one can have, and one with as little as may be.
inline std::string full_card() {
  return regions::encode_card({.node = {3, 4},
                               .opening = 7,
                               .nonce = 0xFFFFFFFFFFFFFFFF,
                               .number = 9,
                               .region = "eu-west",
                               .name = "eu-2",
                               .zone = "b",
                               .shard = 1,
                               .shards = 2,
                               .origin = 5,
                               .previous = 6,
                               .formers = {8, 7},
                               .role = regions::MemberCard::Role::kFollows,
                               .reign = 1,
                               .known = 2,
                               .flags = regions::MemberCard::kFit | regions::MemberCard::kReach,
                               .rank = 255,
                               .end = {2, 5, 1000, 999},
                               .lag_ms = 40,
                               .heir = core::Hash128{1, 2},
                               .promote_after_ms = 2000,
                               .policies = 11,
                               .why = "drained",
                               .announce_redis = "eu-2.example:6400",
                               .announce_redis_tls = "eu-2.example:6401",
                               .announce_sentinel = "eu-2.example:26400",
                               .announce_peer = "eu-2.example:7400"});
}
inline std::string small_card() {
  return regions::encode_card({.node = {0, 1}, .number = 1, .region = "eu", .name = "a"});
}

// Messages of every kind, with and without their later elements. Those that stand here stay as they
// are, and new ones are added at the end: their bytes are recorded (tests/fixtures/messages).
inline std::vector<regions::Message> sample_messages() {
  std::vector<regions::Message> all = greetings_and_heartbeats();
  const std::vector<regions::Message> others = {
      regions::Subscribe{9, 1U << 20U, kVector},
      regions::BatchMessage{9, std::string("\0\1\xFF", 3)},
      regions::BatchMessage{},
      regions::DigestRequest{},
      regions::DigestRequest{
          regions::DigestRequest::Kind::kShow, 7, 8, "from", "until", {"a", "b"}},
      regions::DigestResponse{},
      regions::DigestResponse{
          7, 8, true, true, kVector, {1, 2}, 3, "next", {{"a", {4, 5}}}, {"text"}},
      regions::Ack{9, 1U << 30U, kVector, {{1, 1}}},
      regions::Ack{9, 1U << 30U, kVector, {{1, 1}}, 7},
      regions::Subscribe{9, 1, {}, {7, 8}},
      regions::Subscribe{9, 1, {}, {}, {7, 8}, 10},
      regions::RegionReport{.region = "eu", .origin = 1, .number = 2},
      regions::RegionReport{"eu",
                            1,
                            2,
                            core::Hash128{5, 6},
                            {3, 4},
                            core::Hash128{7, 8},
                            kVector,
                            0,
                            std::string(64, 's')},
      regions::RegionReport{.region = "eu",
                            .origin = 1,
                            .number = 2,
                            .previous = 9,
                            .signature = std::string(64, 's')},
      regions::History{7, 5, {{9, kChains[0]}, {4, kChains[1]}}},
      regions::History{7, 5, {{4, kChains[1]}}, core::Hash128{1, 2}, true, 4, 6},
      regions::History{},
      regions::Trimmed{9, kVector},
      regions::SnapshotRequest{1, 2, 3, 4, {kVector, kChains}, {{}, {}, {{7, 0}}}, kVector},
      regions::SnapshotChunk{1, 2, 3, 0, std::string("\0\1\xFF", 3)},
      regions::SnapshotRefusal{1, "two histories"},
      regions::SnapshotRefusal{1, "its leader gives way", true},
      regions::Refusal{"eu", "is region ap with data that was declared lost", true},
      regions::Presence{7, 1, 1, 0, 0, "eu", "c", ""},
      regions::Presence{0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, regions::Presence::kHopsMax,
                        regions::Presence::kTimeMax, regions::Presence::kTimeMax, "eu-west",
                        std::string("a\0b", 3), std::string("\0\1\xFF", 3)},
      regions::BatchMessage{9, "batch", std::string(64, 's')},
      regions::MemberCards{},
      regions::MemberCards{8,
                           {{small_card(), {}, 0, 1},
                            {full_card(), std::string(64, 's'), regions::MemberCard::kTimeMax,
                             regions::CardOnWay::kHopsMax}}},
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

}  // namespace anabranch::test
