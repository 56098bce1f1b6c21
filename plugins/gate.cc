#include "plugins/gate.h"

#include <utility>

#include <wabt/binary-reader-nop.h>

#include "plugins/rule.h"
#include "plugins/wabt_options.h"

namespace anabranch::plugins {
namespace {

using wabt::Index;
using wabt::Offset;
using wabt::Opcode;
using wabt::Result;
using wabt::Type;

bool is_float(Type type) { return type == Type::F32 || type == Type::F64; }

class Gate : public wabt::BinaryReaderNop {
 public:
  [[nodiscard]] std::string why() const { return why_.empty() ? "is no module" : why_; }

  bool OnError(const wabt::Error& error) override {
    (void)refuse("is malformed: " + error.message);
    return true;
  }

  Result OnTypeCount(Index count) override { return limit(count, wasm1::kTypesMax, "types"); }
  Result OnFuncType(Index, Index params, Type* types, Index results, Type* result_types) override {
    if (params > wasm1::kParametersMax) return refuse("has a function with too many parameters");
    for (Index i = 0; i < params; ++i) {
      if (is_float(types[i])) return refuse("has a floating-point parameter");
    }
    for (Index i = 0; i < results; ++i) {
      if (is_float(result_types[i])) return refuse("has a floating-point result");
    }
    return Result::Ok;
  }
  Result OnImport(Index, wabt::ExternalKind, std::string_view module,
                  std::string_view field) override {
    return refuse("imports " + std::string(module) + "." + std::string(field));
  }
  Result OnFunctionCount(Index count) override {
    return limit(count, wasm1::kFunctionsMax, "functions");
  }
  Result OnTable(Index index, Type, const wabt::Limits* limits) override {
    if (index > 0) return refuse("has more than one table");
    return limit(limits->initial, wasm1::kTableMax, "elements in its table");
  }
  Result OnMemory(Index index, const wabt::Limits* limits) override {
    if (index > 0) return refuse("has more than one memory");
    return limit(limits->initial, wasm1::kPagesMax, "pages of memory");
  }
  Result OnGlobalCount(Index count) override { return limit(count, wasm1::kGlobalsMax, "globals"); }
  Result BeginGlobal(Index, Type type, bool) override {
    return is_float(type) ? refuse("has a floating-point global") : Result(Result::Ok);
  }
  Result OnExportCount(Index count) override { return limit(count, wasm1::kExportsMax, "exports"); }
  Result OnStartFunction(Index) override { return refuse("has a start function"); }

  Result OnElemSegmentCount(Index count) override {
    return limit(count, wasm1::kSegmentsMax, "segments of elements");
  }
  Result OnElemSegmentElemExprCount(Index, Index count) override {
    elements_ += count;
    return limit(elements_, wasm1::kElementsMax, "elements");
  }
  Result OnDataSegmentCount(Index count) override {
    return limit(count, wasm1::kSegmentsMax, "segments of data");
  }

  Result BeginFunctionBody(Index, Offset) override {
    locals_ = 0;
    depth_ = 0;
    return Result::Ok;
  }
  Result OnLocalDecl(Index, Index count, Type type) override {
    if (is_float(type)) return refuse("has a floating-point local");
    locals_ += count;
    return limit(locals_, wasm1::kLocalsMax, "locals in a function");
  }
  Result OnOpcode(Opcode opcode) override {
    const bool floats = is_float(opcode.GetResultType()) || is_float(opcode.GetParamType1()) ||
                        is_float(opcode.GetParamType2());
    if (floats) return refuse("uses floating point: " + std::string(opcode.GetName()));
    return limit(++instructions_, wasm1::kInstructionsMax, "instructions");
  }
  Result OnBrTableExpr(Index targets, Index*, Index) override {
    instructions_ += targets;
    return limit(instructions_, wasm1::kInstructionsMax, "instructions");
  }
  Result OnBlockExpr(Type type) override { return begin(type); }
  Result OnLoopExpr(Type type) override { return begin(type); }
  Result OnIfExpr(Type type) override { return begin(type); }
  Result OnEndExpr() override {
    if (depth_ > 0) --depth_;
    return Result::Ok;
  }

 private:
  Result refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return Result::Error;
  }
  Result limit(std::uint64_t count, std::uint64_t most, const char* of) {
    if (count <= most) return Result::Ok;
    return refuse("has more than " + std::to_string(most) + " " + of);
  }
  Result begin(Type type) {
    if (is_float(type)) return refuse("has a block with a floating-point result");
    return ++depth_ > wasm1::kNestingMax ? refuse("nests blocks deeper than 256")
                                         : Result(Result::Ok);
  }

  std::string why_;
  std::uint64_t elements_ = 0;
  std::uint64_t locals_ = 0;
  std::uint64_t instructions_ = 0;
  std::uint32_t depth_ = 0;
};

// Reads a LEB128 of 32 bits; nullopt where there is none.
std::optional<std::uint32_t> read_u32(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 35 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes[at++]);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) != 0) continue;
    if (value > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(value);
  }
  return std::nullopt;
}

}  // namespace

std::string without_custom_sections(std::string_view module) {
  constexpr std::size_t kHeader = 8;
  if (module.size() < kHeader) return std::string(module);
  std::string kept(module.substr(0, kHeader));
  for (std::size_t at = kHeader; at < module.size();) {
    const std::size_t begin = at;
    const bool is_custom = module[at++] == 0;
    const std::optional<std::uint32_t> size = read_u32(module, at);
    if (!size || *size > module.size() - at) return std::string(module);
    at += *size;
    if (!is_custom) kept.append(module, begin, at - begin);
  }
  return kept;
}

std::optional<std::string> refusal(std::string_view module) {
  if (module.size() > wasm1::kModuleBytesMax) return "is larger than 1 MiB";
  Gate gate;
  const Result read =
      wabt::ReadBinary(module.data(), module.size(), &gate, wabt_options::reading());
  if (wabt::Succeeded(read)) return std::nullopt;
  return gate.why();
}

}  // namespace anabranch::plugins
