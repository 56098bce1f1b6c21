#include "transport/zmq/waiting_frames.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace anabranch::transport::waiting_frames_test {

namespace {

Incoming frame(const std::string& routing_id, std::size_t bytes) {
  return {.routing_id = routing_id, .frame = zmq::message_t(bytes)};
}

}  // namespace

TEST_SUITE("transport: waiting frames") {
  TEST_CASE("frames leave in the order in which they came, and count no longer") {
    WaitingFrames waiting;
    for (std::size_t size = 1; size <= 3; ++size) waiting.push(frame(size == 2 ? "b" : "a", size));
    for (std::size_t size = 1; size <= 3; ++size) CHECK(waiting.pop().frame.size() == size);
    CHECK(waiting.empty());
    for (std::size_t i = 0; i < 2 * WaitingFrames::kFramesMax; ++i) {
      waiting.push(frame("a", 1));
      REQUIRE_FALSE(waiting.too_much());
      (void)waiting.pop();
    }
  }

  TEST_CASE("a connection may have so many frames, others beside") {
    WaitingFrames waiting;
    waiting.push(frame("b", 1));
    for (std::size_t i = 0; i < WaitingFrames::kFramesMax; ++i) waiting.push(frame("a", 1));
    CHECK_FALSE(waiting.too_much());
    waiting.push(frame("a", 2));
    REQUIRE(waiting.too_much() == "a");
    CHECK(waiting.drop("a").frame.size() == 2);  // The last one.
    CHECK_FALSE(waiting.too_much());
    CHECK(waiting.size() == 1);
    CHECK(waiting.pop().routing_id == "b");
  }

  TEST_CASE("a connection may have so many bytes, and all together twice as many") {
    constexpr std::size_t kSize = std::size_t{8} << 20U;
    const auto fill = [](WaitingFrames& waiting, const std::string& id, std::size_t bytes) {
      for (std::size_t sum = 0; sum < bytes; sum += kSize) waiting.push(frame(id, kSize));
    };
    WaitingFrames waiting;
    fill(waiting, "a", WaitingFrames::kBytesMax - kSize);
    CHECK_FALSE(waiting.too_much());
    waiting.push(frame("a", kSize));
    REQUIRE(waiting.too_much() == "a");
    (void)waiting.drop("a");
    for (const char* id : {"a", "b", "c"}) fill(waiting, id, WaitingFrames::kBytesMax / 2);
    waiting.push(frame("b", kSize));
    CHECK_FALSE(waiting.too_much());
    fill(waiting, "d", WaitingFrames::kBytesMax / 2);
    REQUIRE(waiting.too_much() == "b");  // Though others are younger.
    (void)waiting.drop("b");
    CHECK_FALSE(waiting.too_much());
  }
}

}  // namespace anabranch::transport::waiting_frames_test
