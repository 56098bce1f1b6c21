#include "tests/plugins/guests.h"

#include <memory>
#include <stdexcept>

#include <wabt/binary-writer.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/wast-lexer.h>
#include <wabt/wast-parser.h>

namespace anabranch::test {
namespace {

constexpr std::string_view kAlloc = R"(
  (memory $memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func $alloc (export "alloc") (param $size i32) (result i32)
    (local $at i32) (local $missing i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $size)))
    (local.set $missing
      (i32.sub (i32.shr_u (i32.add (global.get $free) (i32.const 65535)) (i32.const 16))
               (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1))
        (then unreachable))))
    (local.get $at))
)";

}  // namespace

std::string wasm(std::string_view text) {
  wabt::Features features;
  features.EnableAll();
  wabt::Errors errors;
  const auto lexer = wabt::WastLexer::CreateBufferLexer("test", text.data(), text.size(), &errors);
  wabt::WastParseOptions parsing(features);
  std::unique_ptr<wabt::Module> module;
  if (wabt::Failed(wabt::ParseWatModule(lexer.get(), &module, &errors, &parsing))) {
    throw std::runtime_error(errors.empty() ? "not WebAssembly text" : errors.front().message);
  }
  wabt::MemoryStream stream;
  const wabt::WriteBinaryOptions writing(features, true, false, false);
  if (wabt::Failed(wabt::WriteBinaryModule(&stream, module.get(), writing))) {
    throw std::runtime_error("a module that cannot be written");
  }
  const auto& bytes = stream.output_buffer().data;
  return {bytes.begin(), bytes.end()};
}

std::string guest(std::string_view body) {
  return wasm("(module " + std::string(kAlloc) + std::string(body) + ")");
}

std::string resolver(std::string_view code, std::string_view beside) {
  return guest(std::string(beside) +
               "(func $resolve (export \"anabranch_resolve_1\") (param $at i32) (param $size i32)"
               " (result i64) " +
               std::string(code) + ")");
}

}  // namespace anabranch::test
