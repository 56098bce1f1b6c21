// Modules that the rule does not admit are refused with a sentence.
#include "plugins/gate.h"

#include <string>

#include <doctest/doctest.h>

#include "plugins/module.h"
#include "plugins/rule.h"
#include "tests/plugins/guests.h"

namespace anabranch::plugins::gate_test {
namespace {

using test::guest;
using test::resolver;
using test::wasm;

constexpr std::string_view kDecline = "(i64.const -1)";

// Returns why the module is refused; empty if it is admitted.
std::string why_not(std::string_view module) {
  const auto loaded = Module::load(module);
  return loaded.ok() ? "" : loaded.failure().message;
}

// Returns why a resolver is refused that declines, with `beside` beside its function.
std::string why_not_beside(std::string_view beside) { return why_not(resolver(kDecline, beside)); }

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string nested(std::size_t depth) {
  return "(func " + repeated("block ", depth) + repeated("end ", depth) + ")";
}

std::string leb(std::size_t number) {
  std::string bytes;
  for (; number > 0x7F; number >>= 7U) bytes.push_back(static_cast<char>(number | 0x80U));
  return bytes + static_cast<char>(number);
}

std::string section(char number, const std::string& bytes) {
  return number + leb(bytes.size()) + bytes;
}

// The same as bytes: the reader of text is recursive.
std::string nested_bytes(std::size_t depth) {
  const std::string body = '\0' + repeated("\x02\x40", depth) + std::string(depth + 1, '\x0b');
  return std::string("\0asm\1\0\0\0", 8) + section(1, std::string("\1\x60\0\0", 4)) +
         section(3, std::string("\1\0", 2)) + section(10, '\1' + leb(body.size()) + body);
}

// One custom section with this name and these bytes, each shorter than 128.
std::string custom_section(std::string_view name, std::string_view bytes) {
  std::string section(1, '\0');
  section += static_cast<char>(1 + name.size() + bytes.size());
  section += static_cast<char>(name.size());
  return section.append(name).append(bytes);
}

TEST_CASE("a module that only declines is admitted") { CHECK(why_not_beside("") == ""); }

TEST_CASE("imports are refused by name") {
  CHECK(why_not(wasm(R"((module (import "env" "now" (func (result i64)))))")) == "imports env.now");
  CHECK(why_not(wasm(R"((module (import "env" "memory" (memory 1))))")) == "imports env.memory");
}

TEST_CASE("a start function is refused") {
  CHECK(why_not_beside("(func $begin) (start $begin)") == "has a start function");
}

TEST_CASE("floating point is refused wherever it may stand") {
  CHECK(why_not_beside("(func (drop (f64.convert_i32_u (i32.const 1))))") ==
        "uses floating point: f64.convert_i32_u");
  CHECK(why_not_beside("(func (drop (f32.load (i32.const 0))))") ==
        "uses floating point: f32.load");
  CHECK(why_not_beside("(func (drop (i64.reinterpret_f64 (unreachable))))") ==
        "uses floating point: i64.reinterpret_f64");
  CHECK(why_not_beside("(func (local f32))") == "has a floating-point local");
  CHECK(why_not_beside("(func (param f64))") == "has a floating-point parameter");
  CHECK(why_not_beside("(func (result f64) unreachable)") == "has a floating-point result");
  CHECK(why_not_beside("(global f32 (f32.const 0))") == "has a floating-point global");
  CHECK(why_not_beside("(func (drop (block (result f32) unreachable)))") ==
        "has a block with a floating-point result");
}

TEST_CASE("features beyond WebAssembly 1.0 are refused") {
  const auto refuses = [](std::string_view beside) {
    const std::string why = why_not_beside(beside);
    CAPTURE(beside);
    CHECK(why.starts_with("is malformed: "));
  };
  refuses("(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))");
  refuses("(func (memory.copy (i32.const 0) (i32.const 0) (i32.const 9)))");
  refuses("(func (drop (v128.const i32x4 0 0 0 0)))");
  refuses("(func (result i32 i32) unreachable)");
  refuses("(func $f (return_call $f))");
  refuses("(table 1 funcref) (func (drop (table.get 0 (i32.const 0))))");
  refuses("(table 1 externref)");
  refuses("(tag)");
  refuses("(func (drop (i32.atomic.load (i32.const 0))))");
  CHECK(why_not(wasm("(module (memory i64 1))")).starts_with("is malformed: "));
  CHECK(why_not(wasm("(module (memory 1 2 shared))")).starts_with("is malformed: "));
}

TEST_CASE("sign extension and mutable globals are admitted") {
  CHECK(why_not_beside("(func (drop (i32.extend8_s (i32.const 200))))") == "");
  CHECK(why_not_beside("(global (export \"sp\") (mut i32) (i32.const 5))") == "");
}

TEST_CASE("blocks may nest 256 deep and no deeper") {
  CHECK(why_not_beside(nested(wasm1::kNestingMax)) == "");
  CHECK(why_not_beside(nested(wasm1::kNestingMax + 1)) == "nests blocks deeper than 256");
  CHECK(why_not(nested_bytes(256)) == "exports no memory");
  CHECK(why_not(nested_bytes(100'000)) == "nests blocks deeper than 256");
}

TEST_CASE("a function may have 1000 locals and 100 parameters") {
  CHECK(why_not_beside("(func (local " + repeated("i64 ", 1000) + "))") == "");
  CHECK(why_not_beside("(func (local " + repeated("i64 ", 1001) + "))") ==
        "has more than 1000 locals in a function");
  CHECK(why_not_beside("(func (local " + repeated("i32 i64 ", 501) + "))") ==
        "has more than 1000 locals in a function");
  CHECK(why_not_beside("(func (param " + repeated("i32 ", 100) + "))") == "");
  CHECK(why_not_beside("(func (param " + repeated("i32 ", 101) + "))") ==
        "has a function with too many parameters");
}

TEST_CASE("the numbers of types, functions, globals, exports, segments and elements have limits") {
  CHECK(why_not(wasm("(module " + repeated("(type (func))", 1001) + ")")) ==
        "has more than 1000 types");
  CHECK(why_not_beside(repeated("(func)", 3998)) == "");
  CHECK(why_not_beside(repeated("(func)", 3999)) == "has more than 4000 functions");
  CHECK(why_not_beside(repeated("(global i32 (i32.const 1))", 999)) == "");
  CHECK(why_not_beside(repeated("(global i32 (i32.const 1))", 1000)) ==
        "has more than 1000 globals");
  std::string exports = "(func $f)";
  for (int i = 0; i < 998; ++i) exports += "(export \"e" + std::to_string(i) + "\" (func $f))";
  CHECK(why_not_beside(exports) == "has more than 1000 exports");
  CHECK(why_not_beside(repeated("(data (i32.const 9) \"x\")", 1000)) == "");
  CHECK(why_not_beside(repeated("(data (i32.const 9) \"x\")", 1001)) ==
        "has more than 1000 segments of data");
  CHECK(why_not_beside("(table 1 funcref)" + repeated("(elem (i32.const 0))", 1001)) ==
        "has more than 1000 segments of elements");
  const std::string elements = "(elem (i32.const 0) func " + repeated("$f ", 4000) + ")";
  CHECK(why_not_beside("(func $f) (table 4096 funcref)" + repeated(elements, 2)) == "");
  CHECK(why_not_beside("(func $f) (table 4096 funcref)" + repeated(elements, 3)) ==
        "has more than 10000 elements");
}

TEST_CASE("a module may have 250000 instructions and 1 MiB") {
  CHECK(why_not_beside("(func " + repeated("nop ", 249'000) + ")") == "");
  CHECK(why_not_beside("(func " + repeated("nop ", 250'000) + ")") ==
        "has more than 250000 instructions");
  const std::string targets = "(func (br_table " + repeated("0 ", 100'000) + "(i32.const 0)))";
  CHECK(why_not_beside(targets) == "");
  CHECK(why_not_beside(repeated(targets, 3)) == "has more than 250000 instructions");
  CHECK(why_not(std::string(wasm1::kModuleBytesMax + 1, '\0')) == "is larger than 1 MiB");
}

TEST_CASE("one memory of 256 pages and one table of 4096 elements are admitted") {
  const auto with_pages = [](int pages) {
    return wasm("(module (memory (export \"memory\") " + std::to_string(pages) +
                ") (func (export \"alloc\") (param i32) (result i32) (i32.const 0))"
                "(func (export \"anabranch_resolve_1\") (param i32 i32) (result i64)"
                " (i64.const -1)))");
  };
  CHECK(why_not(with_pages(256)) == "");
  CHECK(why_not(with_pages(257)) == "has more than 256 pages of memory");
  CHECK(why_not_beside("(memory 1)") == "has more than one memory");
  CHECK(why_not_beside("(table 4096 funcref)") == "");
  CHECK(why_not_beside("(table 1 funcref) (table 1 funcref)") == "has more than one table");
  CHECK(why_not_beside("(table 4097 funcref)") == "has more than 4096 elements in its table");
}

TEST_CASE("the exports must be there with their types") {
  CHECK(why_not(wasm("(module)")) == "exports no memory");
  CHECK(why_not(wasm("(module (memory (export \"memory\") 1))")) == "exports no function alloc");
  CHECK(why_not(wasm("(module (memory 1) (global (export \"memory\") i32 (i32.const 1)))")) ==
        "exports no memory");
  CHECK(why_not(guest("")) == "exports no function anabranch_resolve_1");
  const std::string resolve = "(func (export \"anabranch_resolve_1\") ";
  CHECK(why_not(guest(resolve + "(param i32 i32) (result i32) (i32.const 0))")) ==
        "exports anabranch_resolve_1 with other parameters or another result");
  CHECK(why_not(guest(resolve + "(param i32) (result i64) (i64.const 0))")) ==
        "exports anabranch_resolve_1 with other parameters or another result");
  CHECK(why_not(guest(resolve + ")")) ==
        "exports anabranch_resolve_1 with other parameters or another result");
}

TEST_CASE("segments that do not fit are refused when the module is loaded") {
  CHECK(why_not_beside("(data (i32.const 65535) \"ab\")").starts_with("cannot be instantiated: "));
  CHECK(why_not_beside("(data (i32.const 65534) \"ab\")") == "");
  CHECK(why_not_beside("(func $f) (table 1 funcref) (elem (i32.const 1) func $f)")
            .starts_with("cannot be instantiated: "));
}

TEST_CASE("code of wrong types is refused") {
  CHECK(why_not_beside("(func (drop (i32.add (i64.const 1) (i32.const 1))))")
            .starts_with("is malformed: "));
  CHECK(why_not_beside("(func (br 1))").starts_with("is malformed: "));
  CHECK(why_not_beside("(global $fixed i32 (i32.const 1))"
                       "(func (global.set $fixed (i32.const 2)))")
            .starts_with("is malformed: "));
}

TEST_CASE("bytes that are cut off anywhere are refused") {
  const std::string whole = resolver(kDecline);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(why_not(std::string_view(whole).substr(0, size)) != "");
  }
}

TEST_CASE("custom sections mean nothing, whatever their bytes") {
  const std::string whole = resolver(kDecline);
  for (const char* const name :
       {"name", "producers", "linking", "reloc.CODE", "dylink", "target_features", "anything"}) {
    CAPTURE(name);
    const std::string custom = custom_section(name, "\xff\xff\xff\xff\xff");
    CHECK(without_custom_sections(whole + custom) == whole);
    CHECK(why_not(whole + custom) == "");
    CHECK(why_not(whole.substr(0, 8) + custom + whole.substr(8)) == "");
  }
  CHECK(why_not(whole + custom_section("name", "abc").substr(0, 5)) != "");
}

}  // namespace
}  // namespace anabranch::plugins::gate_test
