#include "tests/plugins/sample_modules.h"

#include <array>
#include <string_view>

#include "tests/plugins/guests.h"

namespace anabranch::test {
namespace {

constexpr std::string_view kAnswerInput =
    "(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))"
    " (i64.extend_i32_u (local.get $size)))";

// Sums the bytes of the input, and goes by the remainder.
constexpr std::string_view kEveryEnd = R"(
  (local $i i32) (local $sum i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $size)))
      (local.set $sum (i32.add (local.get $sum)
        (i32.load8_u (i32.add (local.get $at) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
  (block $trap (block $bad (block $large (block $deep (block $loop (block $decline (block $value
    (br_table $value $decline $loop $deep $large $bad $trap $value $decline
      (i32.rem_u (local.get $sum) (i32.const 13))))
    (i32.store (i32.const 8) (local.get $sum))
    (return (i64.const 0x800000004)))
    (return (i64.const -1)))
    (loop $again (br $again)))
    (call $deeper (local.get $sum)))
    (drop (memory.grow (i32.const 20)))
    (return (i64.const 0x110000)))
    (return (i64.const 0x7fffffff00000001)))
  unreachable)";

// Calls through a table, by the bytes of the input; some entries are absent or of another type.
constexpr std::string_view kTable = R"(
  (type $op (func (param i32 i32) (result i32)))
  (table 8 funcref)
  (elem (i32.const 0) $add $sub $mul $xor)
  (elem (i32.const 5) $other)
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $sub (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func $mul (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func $xor (param i32 i32) (result i32) (i32.xor (local.get 0) (local.get 1)))
  (func $other (param i64)))";
constexpr std::string_view kCalls = R"(
  (local $i i32) (local $value i32)
  (loop $next
    (local.set $value (call_indirect (type $op) (local.get $value) (local.get $i)
      (i32.and (i32.const 3) (i32.load8_u (i32.add (local.get $at) (local.get $i))))))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                           (local.get $size))))
  (if (i32.eq (i32.and (local.get $value) (i32.const 7)) (i32.const 6))
    (then (drop (call_indirect (type $op) (local.get $value) (local.get $i)
      (i32.add (i32.const 4) (i32.and (local.get $value) (i32.const 15)))))))
  (i32.store (i32.const 100) (local.get $value))
  (i64.const 0x6400000004))";

// Writes code in text.
class Writer {
 public:
  explicit Writer(std::mt19937_64& random) : random_(random) {}

  std::string statements(int depth) {
    std::string code;
    for (std::size_t left = 1 + below(4); left > 0; --left) code += statement(depth);
    return code;
  }

 private:
  using Names = std::array<std::string_view, 8>;

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  std::string_view any(const Names& names) { return names[below(names.size())]; }

  std::string number(unsigned bits) {
    const std::uint64_t value = random_();
    switch (below(4)) {
      case 0:
        return std::to_string(value % 70);
      case 1:
        return bits == 32 ? "0x80000000" : "0x8000000000000000";
      case 2:
        return "-1";
      default:
        return std::to_string(bits == 32 ? value >> 32U : value);
    }
  }

  // An address, mostly within the first page.
  std::string address(int depth) {
    const std::string_view mask = below(20) == 0 ? "0x1ffff" : "0x7fff";
    return "(i32.and (i32.const " + std::string(mask) + ") " + i32(depth - 1) + ")";
  }

  std::string i64(int depth) {
    static constexpr Names kBinary{"add", "sub", "mul", "xor", "shl", "shr_s", "shr_u", "rotl"};
    static constexpr Names kOther{"div_s", "div_u", "rem_s", "rem_u", "and", "or", "rotr", "sub"};
    static constexpr Names kUnary{"clz",        "ctz",        "popcnt", "extend8_s",
                                  "extend16_s", "extend32_s", "clz",    "popcnt"};
    static constexpr Names kLoads{"load",     "load8_s",  "load8_u",  "load16_s",
                                  "load16_u", "load32_s", "load32_u", "load"};
    if (depth <= 0) return below(2) == 0 ? "(local.get $a)" : "(local.get $b)";
    switch (below(8)) {
      case 0:
        return "(i64.const " + number(64) + ")";
      case 1:
        return "(i64." + std::string(any(kUnary)) + " " + i64(depth - 1) + ")";
      case 2:
        return "(i64." + std::string(any(kLoads)) + " " + address(depth) + ")";
      case 3:
        return "(i64.extend_i32_" + std::string(below(2) == 0 ? "s " : "u ") + i32(depth - 1) + ")";
      case 4: {
        const std::string_view name = any(kOther);
        const std::string left = i64(depth - 1);
        return "(i64." + std::string(name) + " " + left + " " + i64(depth - 1) + ")";
      }
      case 5: {
        const std::string left = i64(depth - 1);
        const std::string right = i64(depth - 1);
        return "(select " + left + " " + right + " " + i32(depth - 1) + ")";
      }
      default: {
        const std::string_view name = any(kBinary);
        const std::string left = i64(depth - 1);
        return "(i64." + std::string(name) + " " + left + " " + i64(depth - 1) + ")";
      }
    }
  }

  std::string i32(int depth) {
    static constexpr Names kBinary{"add", "sub", "mul", "xor", "shl", "shr_s", "rotr", "and"};
    static constexpr Names kOther{"div_s", "div_u", "rem_s", "rem_u", "lt_s", "lt_u", "ge_s", "ne"};
    static constexpr Names kCompare{"eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "ge_u"};
    if (depth <= 0) return "(local.get $i)";
    switch (below(8)) {
      case 0:
        return "(i32.const " + number(32) + ")";
      case 1:
        return "(i32.wrap_i64 " + i64(depth - 1) + ")";
      case 2:
        return "(i64.eqz " + i64(depth - 1) + ")";
      case 3:
        return below(8) == 0 ? "(memory.grow (i32.and (i32.const 3) " + i32(depth - 1) + "))"
                             : "(memory.size)";
      case 4: {
        const std::string_view name = any(kCompare);
        const std::string left = i64(depth - 1);
        return "(i64." + std::string(name) + " " + left + " " + i64(depth - 1) + ")";
      }
      case 5: {
        const std::string_view name = any(kOther);
        const std::string left = i32(depth - 1);
        return "(i32." + std::string(name) + " " + left + " " + i32(depth - 1) + ")";
      }
      default: {
        const std::string_view name = any(kBinary);
        const std::string left = i32(depth - 1);
        return "(i32." + std::string(name) + " " + left + " " + i32(depth - 1) + ")";
      }
    }
  }

  std::string statement(int depth) {
    const std::size_t kind = depth <= 0 ? below(4) : below(11);
    switch (kind) {
      case 0:
        return "(local.set $a " + i64(4) + ")";
      case 1:
        return "(local.set $b " + i64(4) + ")";
      case 2:
        return "(local.set $i " + i32(4) + ")";
      case 3: {
        const std::string at = address(3);
        return "(i64.store " + at + " " + i64(3) + ")";
      }
      case 4: {
        const std::string test = i32(2);
        const std::string then = statements(depth - 1);
        return "(if " + test + " (then " + then + ") (else " + statements(depth - 1) + "))";
      }
      case 5:
      case 6: {
        // At most 64 rounds, if the body does not change the counter.
        const std::string body = statements(depth - 1);
        return "(local.set $n (i32.and (i32.const 63) " + i32(1) + ")) (loop $l " + body +
               "(br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1)))"
               " (i32.const 0))))";
      }
      case 7: {
        const std::string before = statements(depth - 1);
        const std::string test = i32(2);
        return "(block $o " + before + "(br_if $o " + test + ")" + statements(depth - 1) + ")";
      }
      case 8:
        return "(local.set $a (call $f " + i64(2) + "))";
      case 9:
        return below(4) == 0 ? "(if " + i32(1) + " (then (return (i64.const -1))))" : "(nop)";
      default:
        return "(global.set $g (i64.add (global.get $g) " + i64(2) + "))";
    }
  }

  std::mt19937_64& random_;
};

}  // namespace

std::vector<std::string> sample_modules() {
  return {resolver(kAnswerInput),
          resolver(kEveryEnd,
                   "(func $deeper (param i32) (call $deeper (i32.add (local.get 0)"
                   " (i32.const 1))))"),
          resolver(kCalls, kTable),
          resolver("(local $n i32) (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1))"
                   " (i32.const -1)))) (i32.store (i32.const 0) (memory.size)) (i64.const 4)"),
          resolver("(call $down (local.get $size)) (i64.const -1)",
                   "(func $down (param $n i32) (local i64 i64 i64) (if (local.get $n) (then"
                   " (call $down (i32.sub (local.get $n) (i32.const 1))) (return))))"
                   "(data (i32.const 40) \"some data\") (global i64 (i64.const 5))")};
}

std::string random_module(std::mt19937_64& random) {
  Writer writer(random);
  const std::string callee = writer.statements(1);
  const std::string code = writer.statements(3);
  return resolver(
      "(local $a i64) (local $b i64) (local $i i32) (local $n i32)"
      "(local.set $a (i64.load (local.get $at)))"
      "(local.set $b (i64.load (i32.sub (i32.add (local.get $at) (local.get $size))"
      " (i32.const 8))))" +
          code +
          "(i64.store (i32.const 0) (local.get $a)) (i64.store (i32.const 8) (local.get $b))"
          "(i32.store (i32.const 16) (local.get $i)) (i64.store (i32.const 20) (global.get $g))"
          "(i64.const 28)",
      "(global $g (mut i64) (i64.const 7)) (global $depth (mut i32) (i32.const 0))"
      "(func $f (param $a i64) (result i64) (local $b i64) (local $i i32) (local $n i32)"
      " (global.set $depth (i32.add (global.get $depth) (i32.const 1)))"
      " (if (i32.gt_u (global.get $depth) (i32.const 40)) (then (return (local.get $a))))" +
          callee + "(i64.xor (local.get $a) (local.get $b)))");
}

}  // namespace anabranch::test
