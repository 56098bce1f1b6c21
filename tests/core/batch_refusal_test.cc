// Each check of the decoder, with one planted violation in a batch that is valid otherwise.
#include <cmath>
#include <functional>
#include <limits>

#include <doctest/doctest.h>

#include "core/batch.h"
#include "core/codec.h"

namespace anabranch::core::batch_refusal_test {
namespace {

using Part = std::function<void(Writer&)>;

constexpr std::uint64_t kNewer = 42;  // A field that a later version appended.
const std::string kPathBytes("a\x00\x01", 3);

void put_op(Writer& out) { out.array(5).uint64(1).bin(kPathBytes).bin("v").nil().nil(); }

// A batch by its parts, of origin 7 with the single op 7:10.
struct Raw {
  std::uint64_t format = Batch::kFormat;
  Origin origin = 7;
  Seq first = 10;
  Seq last = 10;
  std::size_t head_size = 5;
  std::string previous = std::string(32, '\0');
  Part deps_hashes = [](Writer& out) { out.nil(); };
  std::size_t body_size = 3;
  Part deps = [](Writer& out) { out.array(0); };
  Part opening = [](Writer& out) { out.nil(); };
  Part transactions = [this](Writer& out) {
    out.array(1).array(2).uint64(99).array(1);
    op(out);
  };
  Part op = put_op;

  Raw() = default;
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  [[nodiscard]] std::string bytes() const {
    std::string bytes;
    Writer out(bytes);
    out.array(head_size).uint64(format);
    if (head_size > 1) out.uint64(origin).uint64(first).uint64(last);
    if (head_size > 4) out.bin(previous);
    if (head_size > 5) out.nil();  // No checksum.
    if (head_size > 6) deps_hashes(out);
    for (std::size_t i = 7; i < head_size; ++i) out.uint64(kNewer);
    out.array(body_size);
    deps(out);
    opening(out);
    transactions(out);
    for (std::size_t i = 3; i < body_size; ++i) out.uint64(kNewer);
    return bytes;
  }
  // Why the batch is refused; empty when it is not.
  [[nodiscard]] std::string refusal() const {
    const auto batch = decode_batch(bytes());
    return batch.ok() ? "" : batch.failure().message;
  }
};

std::string refusal_of_op(const Part& op) {
  Raw raw;
  raw.op = op;
  return raw.refusal();
}

Part add_op(Seq birth, const Part& total) {
  return [=](Writer& out) {
    out.array(5).uint64(3).bin(kPathBytes).uint64(birth).int64(1);
    total(out);
  };
}

std::string refusal_of_total(const Part& total) { return refusal_of_op(add_op(10, total)); }

struct RawSlot {
  Origin origin;
  Seq birth;
  Seq seq;
};

Part reset_op(const std::vector<RawSlot>& slots) {
  return [=](Writer& out) {
    out.array(3).uint64(4).bin(kPathBytes).array(slots.size() * 4);
    for (const RawSlot& slot : slots) {
      out.uint64(slot.origin).uint64(slot.birth).uint64(slot.seq).int64(1);
    }
  };
}

Part clear_op(const std::string& prefix, const std::string& tally) {
  return [=](Writer& out) {
    out.array(3).uint64(5).bin(prefix).array(2).bin(tally).array(4);
    out.uint64(8).uint64(1).uint64(3).int64(5);
  };
}

Part vector_of(const std::vector<std::uint64_t>& numbers) {
  return [=](Writer& out) {
    out.array(numbers.size());
    for (const std::uint64_t number : numbers) out.uint64(number);
  };
}

Part remove_op(const Part& context) {
  return [=](Writer& out) {
    out.array(3).uint64(2).bin(kPathBytes);
    context(out);
  };
}

std::string refusal_of_deps(const std::vector<std::uint64_t>& numbers) {
  Raw raw;
  raw.deps = vector_of(numbers);
  return raw.refusal();
}

Part op_of_size(std::size_t size) {
  return [=](Writer& out) {
    out.array(size).uint64(1);
    for (std::size_t i = 1; i < size; ++i) i < 3 ? out.bin(kPathBytes) : out.nil();
  };
}

TEST_SUITE_BEGIN("core: batch refusals");

TEST_CASE("the batch in which violations are planted is valid") { CHECK(Raw().refusal().empty()); }

TEST_CASE("another format is refused, and the message names both") {
  Raw raw;
  raw.format = 2;
  CHECK(raw.refusal() == "the batch has format 2, this version reads format 1");
  CHECK(decode_batch(raw.bytes()).failure().code == ErrorCode::kInvalid);
  raw.head_size = 1;  // Whatever else a newer head looks like.
  CHECK(raw.refusal() == "the batch has format 2, this version reads format 1");
  CHECK(decode_batch_header(raw.bytes()).failure().code == ErrorCode::kInvalid);
  raw.format = 0;
  CHECK(raw.refusal() == "the batch has format 0, this version reads format 1");
}

TEST_CASE("a head that no leader writes is refused") {
  Raw no_origin;
  no_origin.origin = 0;
  CHECK(no_origin.refusal() == "a batch has no origin");
  Raw zero;
  zero.first = 0;
  zero.last = 0;
  CHECK(zero.refusal() == "a batch begins before 1");
  Raw backwards;
  backwards.last = 9;
  CHECK(backwards.refusal() == "a batch ends before it begins");
  Raw hash;
  hash.previous.resize(31);
  CHECK(hash.refusal() == "a chain hash has not 32 bytes");
  Raw shorter;
  shorter.head_size = 4;
  CHECK(shorter.refusal() == "the head of a batch is too short");
  for (const Raw* raw : {&no_origin, &zero, &backwards, &hash, &shorter}) {
    CHECK_FALSE(decode_batch_header(raw->bytes()).ok());
  }
}

TEST_CASE("the head's seqs are exactly those of the ops") {
  Raw fewer;
  fewer.last = 11;
  CHECK(fewer.refusal() == "there are fewer ops than the head says");
  Raw many;
  many.first = 1;
  many.last = ~0ULL;
  CHECK(many.refusal() == "there are fewer ops than the head says");
  Raw more;
  more.transactions = [](Writer& out) {
    out.array(1).array(2).uint64(99).array(2);
    put_op(out);
    put_op(out);
  };
  CHECK(more.refusal() == "there are more ops than the head says");
  more.first = more.last = ~0ULL;
  CHECK(more.refusal() == "there are more ops than the head says");
  Raw second;
  second.transactions = [](Writer& out) {
    out.array(2);
    for (int i = 0; i < 2; ++i) {
      out.array(2).uint64(99).array(1);
      put_op(out);
    }
  };
  CHECK(second.refusal() == "there are more ops than the head says");
  second.last = 11;
  CHECK(second.refusal().empty());
  second.first = ~0ULL - 1;
  second.last = ~0ULL;
  CHECK(second.refusal().empty());
}

TEST_CASE("a batch without transactions and a transaction without ops are refused") {
  Raw none;
  none.transactions = [](Writer& out) { out.array(0); };
  CHECK(none.refusal() == "there are fewer ops than the head says");
  Raw empty;
  empty.transactions = [](Writer& out) { out.array(1).array(2).uint64(99).array(0); };
  CHECK(empty.refusal() == "a transaction is empty");
}

TEST_CASE("deps are a sorted vector of other origins") {
  CHECK(refusal_of_deps({8, 1, 9, 2}).empty());
  CHECK(refusal_of_deps({9, 1, 8, 2}) == "a version vector is not sorted by origin");
  CHECK(refusal_of_deps({8, 1, 8, 2}) == "a version vector is not sorted by origin");
  CHECK(refusal_of_deps({0, 1}) == "a version vector is not sorted by origin");
  CHECK(refusal_of_deps({8, 0}) == "a version vector has an empty entry");
  CHECK(refusal_of_deps({8, 1, 9}) == "a version vector is incomplete");
  CHECK(refusal_of_deps({7, 1}) == "a batch depends on its own origin");
}

TEST_CASE("a path is an encoding and not empty") {
  const auto with = [](std::string_view path) {
    return refusal_of_op([=](Writer& out) { out.array(3).uint64(2).bin(path).nil(); });
  };
  CHECK(with(kPathBytes).empty());
  CHECK(with("") == "a path is empty");
  CHECK(with("a") == "these bytes are no path");
  CHECK(with(std::string_view("a\x00\x02", 3)) == "these bytes are no path");
}

TEST_CASE("a clear names tallies below a prefix that is not empty") {
  const std::string below = kPathBytes + kPathBytes;
  const std::string beside("b\x00\x01", 3);
  CHECK(refusal_of_op(clear_op(kPathBytes, kPathBytes)).empty());
  CHECK(refusal_of_op(clear_op(kPathBytes, below)).empty());
  CHECK(refusal_of_op(clear_op("", below)) == "a path is empty");
  CHECK(refusal_of_op(clear_op(kPathBytes, "")) == "a path is empty");
  CHECK(refusal_of_op(clear_op(kPathBytes, beside)) == "a cleared tally is not below the prefix");
  CHECK(refusal_of_op([](Writer& out) {
          out.array(3).uint64(5).bin(kPathBytes).array(1).bin(kPathBytes);
        }) == "a cleared tally is incomplete");
}

TEST_CASE("a frame is born between 1 and its addition") {
  const Part one = [](Writer& out) { out.int64(1); };
  CHECK(refusal_of_op(add_op(1, one)).empty());
  CHECK(refusal_of_op(add_op(10, one)).empty());
  CHECK(refusal_of_op(add_op(0, one)) == "a frame is born after its addition");
  CHECK(refusal_of_op(add_op(11, one)) == "a frame is born after its addition");
}

TEST_CASE("a number has one form only") {
  CHECK(refusal_of_total([](Writer& out) { out.int64(-7); }).empty());
  CHECK(refusal_of_total([](Writer& out) { out.real(0.5); }).empty());
  for (const double none : {std::nan(""), -std::nan(""), -0.0}) {
    CHECK(refusal_of_total([=](Writer& out) { out.real(none); }) ==
          "a real number is a NaN or a negative zero");
  }
  const std::string wide = std::string(7, '\0') + '\x01' + std::string(8, '\0');
  CHECK(refusal_of_total([&](Writer& out) { out.bin(wide); }).empty());
  CHECK(refusal_of_total([](Writer& out) { out.bin(std::string(16, '\0')); }) ==
        "a wide number would fit in 64 bits");
  CHECK(refusal_of_total([](Writer& out) { out.bin(std::string(16, '\xFF')); }) ==
        "a wide number would fit in 64 bits");
  CHECK(refusal_of_total([](Writer& out) { out.bin(std::string(15, '\x01')); }) ==
        "a wide number has not 16 bytes");
  CHECK_FALSE(refusal_of_total([](Writer& out) { out.uint64(~0ULL); }).empty());
  CHECK_FALSE(refusal_of_total([](Writer& out) { out.text("1"); }).empty());
  CHECK_FALSE(refusal_of_total([](Writer& out) { out.nil(); }).empty());
}

TEST_CASE("observed slots are sorted, and seen between their birth and the reset") {
  CHECK(refusal_of_op(reset_op({{7, 9, 9}, {8, 1, 3}})).empty());
  CHECK(refusal_of_op(reset_op({{8, 1, 3}, {7, 9, 9}})) ==
        "observed slots are not sorted by origin");
  CHECK(refusal_of_op(reset_op({{8, 1, 3}, {8, 4, 5}})) ==
        "observed slots are not sorted by origin");
  CHECK(refusal_of_op(reset_op({{0, 1, 3}})) == "observed slots are not sorted by origin");
  CHECK(refusal_of_op(reset_op({{8, 0, 3}})) == "an observed slot ends before its birth");
  CHECK(refusal_of_op(reset_op({{8, 4, 3}})) == "an observed slot ends before its birth");
  CHECK(refusal_of_op(reset_op({{7, 1, 10}})) == "a slot is observed too early");
  CHECK(refusal_of_op([](Writer& out) {
          out.array(3).uint64(4).bin(kPathBytes).array(3).uint64(8).uint64(1).uint64(3);
        }) == "an observed slot is incomplete");
}

TEST_CASE("a context is a vector that covers nothing from its own op on") {
  CHECK(refusal_of_op(remove_op(vector_of({7, 9, 8, 1000}))).empty());
  CHECK(refusal_of_op(remove_op(vector_of({}))).empty());
  CHECK(refusal_of_op(remove_op(vector_of({7, 10}))) == "a context covers its own op");
  CHECK(refusal_of_op(remove_op(vector_of({8, 1, 7, 9}))) ==
        "a version vector is not sorted by origin");
}

TEST_CASE("an opening has a mesh id of 16 bytes and five elements or more") {
  const auto with = [](std::size_t size, const std::string& mesh) {
    Raw raw;
    raw.opening = [=](Writer& out) {
      out.array(size).bin(mesh).text("eu").uint64(1).uint64(5);
      for (std::size_t i = 4; i < size; ++i) out.uint64(kNewer);
    };
    return raw.refusal();
  };
  const std::string mesh(16, '\x05');
  CHECK(with(5, mesh).empty());
  CHECK(with(6, mesh).empty());
  CHECK(with(4, mesh) == "an array is too short");
  CHECK(with(5, "mesh") == "a mesh id has not 16 bytes");
}

TEST_CASE("a batch has a hash for each origin that it depends on, or none") {
  const auto with = [](const std::string& hashes) {
    Raw raw;
    raw.head_size = 7;
    raw.deps_hashes = [=](Writer& out) { out.bin(hashes); };
    raw.deps = vector_of({8, 1, 9, 4});
    return raw.refusal();
  };
  CHECK(with("").empty());
  CHECK(with(std::string(16, '\x01')).empty());
  for (const std::size_t size : {1, 8, 15, 17, 24}) {
    CHECK(with(std::string(size, '\x01')) ==
          "a batch has not one hash for each origin that it depends on");
  }
  Raw number;
  number.head_size = 7;
  number.deps_hashes = [](Writer& out) { out.uint64(kNewer); };
  CHECK_FALSE(number.refusal().empty());
}

TEST_CASE("elements that a newer version appended are skipped") {
  Raw head;
  head.head_size = 8;
  CHECK(head.refusal().empty());
  CHECK(decode_batch_header(head.bytes()).ok());
  Raw body;
  body.body_size = 5;
  CHECK(body.refusal().empty());
  Raw transaction;
  transaction.transactions = [](Writer& out) {
    out.array(1).array(3).uint64(99).array(1);
    put_op(out);
    out.array(2).array(0).text("newer");
  };
  CHECK(transaction.refusal().empty());
  CHECK(refusal_of_op(op_of_size(7)).empty());
}

TEST_CASE("elements that are missing are not") {
  for (std::size_t size = 1; size < 5; ++size) {
    CHECK(refusal_of_op(op_of_size(size)) == "an op is too short");
  }
  CHECK(refusal_of_op([](Writer& out) { out.array(0); }) == "an array is too short");
  Raw transaction;
  transaction.transactions = [](Writer& out) { out.array(1).array(1).uint64(99); };
  CHECK(transaction.refusal() == "an array is too short");
  Raw body;
  body.body_size = 2;
  body.transactions = [](Writer&) {};
  CHECK(body.refusal() == "an array is too short");
}

TEST_CASE("an op of an unknown kind is kept by its kind, and its elements are skipped") {
  Raw raw;
  raw.op = [](Writer& out) { out.array(3).uint64(1000).array(1).text("x").real(0.5); };
  const auto batch = decode_batch(raw.bytes());
  REQUIRE(batch.ok());
  CHECK(batch.value().transactions.front().ops == std::vector<Op>{UnknownOp{1000}});
  CHECK(batch.value().last() == 10);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::batch_refusal_test
