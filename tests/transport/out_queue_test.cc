#include "transport/out_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace anabranch::transport::out_queue_test {

TEST_SUITE_BEGIN("transport: out queue");

namespace {

constexpr Turn kNoteTurn{.lane = Lane::kNote};
constexpr std::size_t kLong = 5 * kSentBodyMax;

Turn batch(std::uint64_t stream = 1, std::uint64_t weight = 0) {
  return {.lane = Lane::kBatch, .stream = stream, .weight = weight};
}
Turn chunk(std::uint64_t stream = 1) { return {.lane = Lane::kSnapshot, .stream = stream}; }

// The kinds of the next frames, in their order.
std::vector<int> kinds(OutQueue& queue, std::size_t count) {
  std::vector<int> found;
  while (found.size() < count) {
    const auto frame = queue.next(OutQueue::Wanted::kAll, nullptr);
    if (!frame) break;
    CHECK(frame->size() <= kSentFrameMax);
    found.push_back(decode_frame(*frame).value().kind);
  }
  return found;
}

// All messages that a receiver puts together, by their kinds.
std::vector<int> received(OutQueue& queue, Assembler assembler = {}) {
  std::vector<int> found;
  while (const auto frame = queue.next(OutQueue::Wanted::kAll, nullptr)) {
    const auto message = assembler.add(decode_frame(*frame).value());
    REQUIRE(message.ok());
    if (message.value()) found.push_back(message.value()->kind);
  }
  CHECK(queue.empty());
  return found;
}

}  // namespace

TEST_CASE("a note goes before the next frame of a body") {
  OutQueue queue;
  queue.push(1, std::string(kLong, 'x'), batch());
  CHECK(kinds(queue, 2) == std::vector<int>{1, 1});
  queue.push(2, "note", kNoteTurn);
  queue.push(3, "note", kNoteTurn);
  CHECK(kinds(queue, 3) == std::vector<int>{2, 3, 1});
  CHECK(kinds(queue, 9) == std::vector<int>{1, 1});
}

TEST_CASE("notes keep their order, however long they are") {
  OutQueue queue;
  queue.push(1, std::string(kLong, 'x'), kNoteTurn);
  queue.push(2, "short", kNoteTurn);
  CHECK(received(queue) == std::vector<int>{1, 2});
}

TEST_CASE("a body that was begun ends before the next, and all come out whole") {
  OutQueue queue;
  for (int i = 0; i < 3; ++i) {
    queue.push(4, std::string(kLong, 'x'), batch());
    queue.push(5, std::string(kLong, 'x'), chunk());
    queue.push(6, std::string(kFrameBodyMax + 1, 'x'), kNoteTurn);
  }
  const std::vector<int> order = received(queue);
  CHECK(order.size() == 9);
  // Each lane has had its turn when one has its second.
  CHECK(std::set<int>(order.begin(), order.begin() + 3).size() == 3);
  CHECK(queue.note_bytes() == 0);
}

TEST_CASE("lanes share a link by bytes") {
  OutQueue queue;
  for (int i = 0; i < 1000; ++i) queue.push(4, std::string(100, 'x'), batch());
  for (int i = 0; i < 10; ++i) queue.push(5, std::string(10'000, 'x'), chunk());
  const std::vector<int> first = kinds(queue, 505);
  const auto chunks = std::ranges::count(first, 5);
  CHECK(chunks >= 4);
  CHECK(chunks <= 6);
}

TEST_CASE("a lane that had nothing to send has saved nothing up") {
  OutQueue queue;
  for (int i = 0; i < 100; ++i) queue.push(4, std::string(10'000, 'x'), batch());
  CHECK(kinds(queue, 50).size() == 50);
  for (int i = 0; i < 50; ++i) queue.push(5, std::string(10'000, 'x'), chunk());
  const std::vector<int> next = kinds(queue, 20);
  CHECK(std::ranges::count(next, 5) <= 11);
  CHECK(std::ranges::count(next, 5) >= 9);
}

TEST_CASE("many notes take turns with bodies") {
  OutQueue queue;
  for (int i = 0; i < 200; ++i) queue.push(2, std::string(1000, 'x'), kNoteTurn);
  queue.push(4, std::string(kLong, 'x'), batch());
  CHECK(std::ranges::count(kinds(queue, 40), 4) >= 2);
}

TEST_CASE("no body is taken when only notes are wanted, and no note in its turn") {
  OutQueue queue;
  queue.push(4, "body", batch());
  CHECK_FALSE(queue.next(OutQueue::Wanted::kNotes, nullptr).has_value());
  for (int i = 0; i < 20; ++i) queue.push(2, std::string(1000, 'x'), kNoteTurn);
  int notes = 0;
  while (queue.next(OutQueue::Wanted::kNotes, nullptr)) ++notes;
  CHECK(notes == 17);
  CHECK(kinds(queue, 4) == std::vector<int>{4, 2, 2, 2});
}

TEST_CASE("bodies of replaced streams are dropped, the begun one and other lanes stay") {
  OutQueue queue;
  queue.push(4, std::string(kLong, 'x'), batch(1, 10));
  queue.push(4, "old", batch(1, 10));
  queue.push(5, "chunk", chunk(1));
  queue.push(6, "new", batch(2, 10));
  Assembler assembler;
  const auto first = queue.next(OutQueue::Wanted::kAll, nullptr);
  REQUIRE(assembler.add(decode_frame(*first).value()).ok());
  queue.drop(Lane::kBatch, 2);
  CHECK(queue.left(Lane::kBatch) == 10);
  CHECK(received(queue, std::move(assembler)) == std::vector<int>{4, 5, 6});
  CHECK(queue.left(Lane::kBatch) == 30);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::out_queue_test
