// The verdicts of modules, good ones and bad ones, and the fuel that they use.
#include "plugins/machine.h"

#include <string>

#include <doctest/doctest.h>

#include "plugins/rule.h"
#include "tests/plugins/guests.h"

namespace anabranch::plugins {

// For the messages of failed checks.
static doctest::String toString(Verdict verdict) { return std::string(to_string(verdict)).c_str(); }

}  // namespace anabranch::plugins

namespace anabranch::plugins::machine_test {
namespace {

using test::resolver;
using test::wasm;

constexpr std::string_view kEcho =
    "(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))"
    " (i64.extend_i32_u (local.get $size)))";
constexpr std::string_view kDecline = "(i64.const -1)";
// Slots that are not given back are all gone after so many calls.
constexpr int kCalls = 3000;

Machine machine_of(const std::string& module) {
  auto loaded = Module::load(module);
  REQUIRE_MESSAGE(loaded.ok(), loaded.failure().message);
  return Machine(std::move(loaded).value());
}

Outcome run(const std::string& module, std::string_view input = "input") {
  return machine_of(module).run(input);
}

// Returns code that gives back address << 32 | size.
std::string answer(std::uint64_t address, std::uint64_t size) {
  return "(i64.const " + std::to_string(address << 32 | size) + ")";
}

TEST_CASE("a module gets the input's bytes and answers with bytes of its memory") {
  CHECK(run(resolver(kEcho), "some bytes").value == "some bytes");
  CHECK(run(resolver(kEcho), "some bytes").verdict == Verdict::kValue);
  CHECK(run(resolver(kEcho), "").value == "");
  CHECK(run(resolver(kEcho), "").verdict == Verdict::kValue);
  const std::string large(1'000'000, 'x');
  CHECK(run(resolver(kEcho), large).value == large);
}

TEST_CASE("a module may decline") {
  const Outcome outcome = run(resolver(kDecline));
  CHECK(outcome.verdict == Verdict::kDeclined);
  CHECK(outcome.value == "");
}

TEST_CASE("a module that loops runs out of fuel") {
  const Outcome outcome = run(resolver("(loop $again (br $again)) (i64.const -1)"), "12345");
  CHECK(outcome.verdict == Verdict::kOutOfFuel);
  CHECK(outcome.fuel > wasm1::fuel_for(5));
  CHECK(outcome.fuel < wasm1::fuel_for(5) + 20);
}

TEST_CASE("fuel grows with the input up to a limit") {
  CHECK(wasm1::fuel_for(0) == 1'000'000);
  CHECK(wasm1::fuel_for(7) == 1'007'000);
  CHECK(wasm1::fuel_for(49'000) == 50'000'000);
  CHECK(wasm1::fuel_for(49'001) == 50'000'000);
  CHECK(wasm1::fuel_for(SIZE_MAX) == 50'000'000);
}

TEST_CASE("a module that recurses for ever runs out of stack") {
  const Outcome outcome =
      run(resolver("(call $deeper) (i64.const -1)", "(func $deeper (call $deeper))"));
  CHECK(outcome.verdict == Verdict::kOutOfStack);
}

TEST_CASE("calls may go 1023 deep below the resolver, and one more is too deep") {
  const auto calls = [](int depth) {
    return resolver("(call $deeper (i32.const " + std::to_string(depth) + ")) (i64.const -1)",
                    "(func $deeper (param $left i32) (if (i32.gt_s (local.get $left) (i32.const 1))"
                    " (then (call $deeper (i32.sub (local.get $left) (i32.const 1))))))");
  };
  CHECK(run(calls(1023)).verdict == Verdict::kDeclined);
  CHECK(run(calls(1024)).verdict == Verdict::kOutOfStack);
}

TEST_CASE("a function with many locals takes more of the stack") {
  std::string locals;
  for (int i = 0; i < 1000; ++i) locals += "i64 ";
  const auto calls = [&](int depth) {
    std::string code = "(func $deeper (param $left i32) (local " + locals + ")";
    for (int i = 0; i < 1000; ++i) code += " nop";
    code +=
        "(if (i32.gt_s (local.get $left) (i32.const 1))"
        " (then (call $deeper (i32.sub (local.get $left) (i32.const 1))))))";
    return resolver("(call $deeper (i32.const " + std::to_string(depth) + ")) (i64.const -1)",
                    code);
  };
  const std::string input(20'000, 'x');  // For enough fuel.
  CHECK(run(calls(500), input).verdict == Verdict::kDeclined);
  CHECK(run(calls(600), input).verdict == Verdict::kOutOfStack);
}

TEST_CASE("a recursion that keeps a stack in memory traps at the end of it") {
  const Outcome outcome =
      run(resolver("(call $deeper) (i64.const -1)",
                   "(global $sp (mut i32) (i32.const 65536))"
                   "(func $deeper"
                   " (global.set $sp (i32.sub (global.get $sp) (i32.const 4096)))"
                   " (i32.store (global.get $sp) (i32.const 1))"
                   " (call $deeper))"));
  CHECK(outcome.verdict == Verdict::kTrap);
}

TEST_CASE("every way out of a function gives its slots back") {
  const auto called_often = [](std::string_view body) {
    return run(resolver("(local $left i32) (local.set $left (i32.const " + std::to_string(kCalls) +
                            ")) (loop $again"
                            " (drop (call $f (i32.rem_u (local.get $left) (i32.const 5))))"
                            " (br_if $again (local.tee $left"
                            " (i32.sub (local.get $left) (i32.const 1)))))"
                            " (i64.const -1)",
                        "(func $f (param $n i32) (result i32) " + std::string(body) + ")"))
        .verdict;
  };
  CHECK(called_often("(local.get $n)") == Verdict::kDeclined);
  CHECK(called_often("(return (local.get $n))") == Verdict::kDeclined);
  CHECK(called_often("(block (loop (return (i32.const 7)))) (i32.const 8)") == Verdict::kDeclined);
  CHECK(called_often("(br 0 (i32.const 7))") == Verdict::kDeclined);
  CHECK(called_often("(block (loop (br 2 (i32.const 7)))) (i32.const 8)") == Verdict::kDeclined);
  CHECK(called_often("(drop (br_if 0 (i32.const 7) (local.get $n))) (i32.const 8)") ==
        Verdict::kDeclined);
  CHECK(called_often("(block $a (result i32) (block $b (result i32)"
                     " (br_table $a $b 2 $a (i32.const 5) (local.get $n)))"
                     " (return))") == Verdict::kDeclined);
  CHECK(called_often("(if (result i32) (local.get $n) (then (return (i32.const 1)))"
                     " (else (i32.const 2)))") == Verdict::kDeclined);
}

TEST_CASE("the ways out of a function keep their values") {
  const auto result = [](std::string_view body) {
    const Outcome outcome =
        run(resolver("(i32.store8 (i32.const 0) (call $f (i32.const 3)))" + answer(0, 1),
                     "(func $f (param $n i32) (result i32) " + std::string(body) + ")"));
    return outcome.verdict == Verdict::kValue ? outcome.value.at(0) : -1;
  };
  CHECK(result("(local.get $n)") == 3);
  CHECK(result("(return (i32.const 9))") == 9);
  CHECK(result("(i32.const 1) (block (loop (br 2 (i32.const 7)))) (drop) (i32.const 8)") == 7);
  CHECK(result("(i32.const 1) (i32.const 2) (loop (return (i32.const 6)))"
               " (drop) (drop) (i32.const 8)") == 6);
  CHECK(result("(block $a (result i32) (block $b (result i32)"
               " (br_table $b $b $b $a 2 (i32.const 5) (local.get $n)))"
               " (drop) (return (i32.const 1))) (i32.add (i32.const 6))") == 11);
}

TEST_CASE("a module that takes memory without end gets 256 pages") {
  const std::string eater =
      "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))"
      "(i32.store (i32.const 0) (memory.size))" +
      answer(0, 4);
  CHECK(run(resolver(eater)).value == std::string("\0\1\0\0", 4));
  const std::string limited = wasm(
      "(module (memory (export \"memory\") 1 3)"
      "(func (export \"alloc\") (param i32) (result i32) (i32.const 0))"
      "(func (export \"anabranch_resolve_1\") (param i32 i32) (result i64)" +
      eater + "))");
  CHECK(run(limited).value == std::string("\3\0\0\0", 4));
  const std::string generous = wasm(
      "(module (memory (export \"memory\") 1 60000)"
      "(func (export \"alloc\") (param i32) (result i32) (i32.const 0))"
      "(func (export \"anabranch_resolve_1\") (param i32 i32) (result i64)" +
      eater + "))");
  CHECK(run(generous).value == std::string("\0\1\0\0", 4));
}

TEST_CASE("a module that breaks off or reaches outside of its memory traps") {
  CHECK(run(resolver("unreachable")).verdict == Verdict::kTrap);
  CHECK(run(resolver("(i64.div_u (i64.const 1) (i64.const 0))")).verdict == Verdict::kTrap);
  CHECK(run(resolver("(i64.div_s (i64.const 0x8000000000000000) (i64.const -1))")).verdict ==
        Verdict::kTrap);
  CHECK(run(resolver("(i64.load (i32.const 65529))")).verdict == Verdict::kTrap);
  CHECK(run(resolver("(i32.store (i32.const 0xfffffff0) (i32.const 1)) (i64.const -1)")).verdict ==
        Verdict::kTrap);
  CHECK(run(resolver("(i64.load offset=0xffffffff (i32.const 0xffffffff))")).verdict ==
        Verdict::kTrap);
  CHECK(run(resolver("(call_indirect (type $t) (i32.const 5)) (i64.const -1)",
                     "(type $t (func)) (table 2 funcref)"))
            .verdict == Verdict::kTrap);
  CHECK(run(resolver("(call_indirect (type $t) (i32.const 0)) (i64.const -1)",
                     "(type $t (func)) (table 2 funcref)"))
            .verdict == Verdict::kTrap);
  CHECK(run(resolver("(call_indirect (type $t) (i32.const 0)) (i64.const -1)",
                     "(type $t (func)) (func $f (param i32)) (table funcref (elem $f))"))
            .verdict == Verdict::kTrap);
}

TEST_CASE("an answer outside of the memory is a bad answer") {
  CHECK(run(resolver(answer(65'536, 0))).verdict == Verdict::kValue);
  CHECK(run(resolver(answer(65'536, 1))).verdict == Verdict::kBadAnswer);
  CHECK(run(resolver(answer(65'537, 0))).verdict == Verdict::kBadAnswer);
  CHECK(run(resolver(answer(0xffff'ffff, 0xffff'fffe))).verdict == Verdict::kBadAnswer);
  CHECK(run(resolver(answer(0, 0x8000'0000))).verdict == Verdict::kBadAnswer);
}

TEST_CASE("room for the input outside of the memory is a bad answer") {
  const auto with_room = [](std::string_view address) {
    return wasm(
        "(module (memory (export \"memory\") 1)"
        "(func (export \"alloc\") (param i32) (result i32) (i32.const " +
        std::string(address) +
        ")) (func (export \"anabranch_resolve_1\") (param i32 i32) (result i64)"
        " (i64.const -1)))");
  };
  CHECK(run(with_room("65531"), "12345").verdict == Verdict::kDeclined);
  CHECK(run(with_room("65532"), "12345").verdict == Verdict::kBadAnswer);
  CHECK(run(with_room("-1"), "12345").verdict == Verdict::kBadAnswer);
}

TEST_CASE("an answer may have 1 MiB and no more") {
  const auto of_size = [](std::uint64_t size) {
    return run(resolver("(drop (memory.grow (i32.const 40)))" + answer(8, size)));
  };
  CHECK(of_size(wasm1::kAnswerBytesMax).value.size() == wasm1::kAnswerBytesMax);
  CHECK(of_size(wasm1::kAnswerBytesMax + 1).verdict == Verdict::kAnswerTooLarge);
  CHECK(of_size(wasm1::kAnswerBytesMax + 1).value == "");
}

TEST_CASE("an input of more than 16 MiB is a trap, without a run") {
  Machine machine = machine_of(resolver(kDecline));
  CHECK(machine.run(std::string(wasm1::kMemoryBytesMax + 1, 'x')) ==
        Outcome{Verdict::kTrap, "", 0});
  // This one does not fit beside the first kilobyte, so that alloc finds no memory.
  CHECK(machine.run(std::string(wasm1::kMemoryBytesMax, 'x')).verdict == Verdict::kTrap);
  CHECK(machine.run("input").verdict == Verdict::kDeclined);
}

TEST_CASE("no call sees anything of another one") {
  const std::string counts =
      "(global $calls (mut i32) (i32.const 0)) (data (i32.const 0) \"\\05\")";
  Machine machine = machine_of(
      resolver("(global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
               "(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))"
               "(i32.store8 (i32.const 1) (global.get $calls))"
               "(i32.store8 (i32.const 2) (i32.add (i32.load8_u (i32.const 9999)) (i32.const 1)))"
               "(i32.store8 (i32.const 9999) (i32.const 1))"
               "(i32.store8 (i32.const 3) (memory.size))"
               "(drop (memory.grow (i32.const 1)))" +
                   answer(0, 4),
               counts));
  const Outcome first = machine.run("input");
  CHECK(first.value == "\6\1\1\1");
  for (int i = 0; i < 200; ++i) CHECK(machine.run("input") == first);
}

TEST_CASE("no call sees anything of another one, whether its memory has grown or not") {
  // Grows by the number in the first byte, after it has looked at all that the last call left.
  Machine machine = machine_of(
      resolver("(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))"
               "(i32.store8 (i32.const 1) (memory.size))"
               "(i32.store8 (i32.const 2) (i32.load8_u (i32.const 65535)))"
               "(i32.store8 (i32.const 65535) (i32.const 9))"
               "(i64.store8 (i32.const 3) (global.get $g)) (global.set $g (i64.const 77))"
               "(drop (memory.grow (i32.load8_u (local.get $at))))"
               "(if (i32.load8_u offset=1 (local.get $at)) (then unreachable))" +
                   answer(0, 4),
               "(global $g (mut i64) (i64.const 5))"));
  for (const char* const input : {"\1", "", "\5", "\2x", "", "\1", "\1x", "\7"}) {
    // The zero behind a short input is not part of it, but of the memory.
    const Outcome outcome = machine.run(std::string(input) + std::string(2, '\0'));
    CAPTURE(input);
    if (std::string_view(input).ends_with('x')) {
      CHECK(outcome.verdict == Verdict::kTrap);
    } else {
      CHECK(outcome.value == std::string("\1\1\0\5", 4));
    }
  }
}

TEST_CASE("a machine goes on after every verdict") {
  // The input's first byte chooses the end: a loop, a recursion, a trap, an answer.
  Machine machine = machine_of(resolver(
      "(if (i32.eq (i32.load8_u (local.get $at)) (i32.const 108)) (then (loop $l (br $l))))"
      "(if (i32.eq (i32.load8_u (local.get $at)) (i32.const 114)) (then (call $deeper)))"
      "(if (i32.eq (i32.load8_u (local.get $at)) (i32.const 116)) (then unreachable))" +
          std::string(kEcho),
      "(func $deeper (call $deeper))"));
  for (int i = 0; i < 3; ++i) {
    CHECK(machine.run("loop").verdict == Verdict::kOutOfFuel);
    CHECK(machine.run("recursion").verdict == Verdict::kOutOfStack);
    CHECK(machine.run("trap").verdict == Verdict::kTrap);
    CHECK(machine.run("answer").value == "answer");
  }
}

// Fuel is part of the rule: these figures may never change. `alloc` has 2 locals and 25
// instructions, and need not grow.
TEST_CASE("the fuel of a call is the sum of the rule's costs") {
  constexpr std::uint64_t kCall = 5;
  constexpr std::uint64_t kRound = 2;
  constexpr std::uint64_t kAlloc = kCall + 2 + 25;
  const auto fuel = [](std::string_view code, std::string_view beside = "") {
    return run(resolver(code, beside)).fuel;
  };
  CHECK(fuel(kDecline) == kAlloc + kCall + 1);
  CHECK(fuel("(local i32 i64) (i64.const -1)") == kAlloc + kCall + 2 + 1);
  CHECK(fuel("nop nop (i64.const -1)") == kAlloc + kCall + 3);
  CHECK(fuel("(call $f) (i64.const -1)", "(func $f (local i32) nop nop)") ==
        kAlloc + (kCall + 2) + (kCall + 1 + 2));
  // Both arms of an `if` count.
  CHECK(fuel("(if (i32.const 1) (then nop) (else nop nop)) (i64.const -1)") == kAlloc + kCall + 6);
  // The call: a local, and const, set, loop, const. Each of 10 rounds: 5.
  CHECK(fuel("(local $n i32) (local.set $n (i32.const 10))"
             "(loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
             "(i64.const -1)") == kAlloc + (kCall + 1 + 4) + std::uint64_t{10} * (kRound + 5));
  CHECK(fuel("(loop (loop nop) nop) (i64.const -1)") ==
        kAlloc + (kCall + 2) + (kRound + 2) + (kRound + 1));
  CHECK(fuel("(drop (memory.grow (i32.const 0))) (i64.const -1)") == kAlloc + kCall + 4 + 1000);
  CHECK(fuel("(if (i32.const 0) (then (drop (memory.grow (i32.const 0))))) (i64.const -1)") ==
        kAlloc + kCall + 6);
  CHECK(fuel("unreachable") == kAlloc + kCall + 1);
}

}  // namespace
}  // namespace anabranch::plugins::machine_test
