#include "plugins/meter.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <wabt/binary-reader-ir.h>
#include <wabt/binary-writer.h>
#include <wabt/cast.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/validator.h>

#include "plugins/rule.h"
#include "plugins/wabt_options.h"

namespace anabranch::plugins {
namespace {

using wabt::ExprList;
using wabt::ExprType;
using wabt::Index;
using wabt::Opcode;
using wabt::Type;

template <typename T, typename... A>
std::unique_ptr<wabt::Expr> make(A&&... arguments) {
  return std::make_unique<T>(std::forward<A>(arguments)...);
}

wabt::Var var(Index index) { return wabt::Var(index, wabt::Location()); }

std::unique_ptr<wabt::Expr> constant(std::uint32_t value) {
  return make<wabt::ConstExpr>(wabt::Const::I32(value));
}

// Puts `counter -= n; if (counter < 0) unreachable` before an instruction.
void take(ExprList& code, ExprList::iterator before, Index counter, std::uint32_t n) {
  auto fail = std::make_unique<wabt::IfExpr>();
  fail->true_.exprs.push_back(make<wabt::UnreachableExpr>());
  std::array<std::unique_ptr<wabt::Expr>, 8> steps{
      make<wabt::GlobalGetExpr>(var(counter)),         constant(n),
      make<wabt::BinaryExpr>(Opcode(Opcode::I32Sub)),  make<wabt::GlobalSetExpr>(var(counter)),
      make<wabt::GlobalGetExpr>(var(counter)),         constant(0),
      make<wabt::CompareExpr>(Opcode(Opcode::I32LtS)), std::move(fail),
  };
  for (auto& step : steps) code.insert(before, std::move(step));
}

// Puts `counter += n` at the end.
void give_back(ExprList& code, Index counter, std::uint32_t n) {
  code.push_back(make<wabt::GlobalGetExpr>(var(counter)));
  code.push_back(constant(n));
  code.push_back(make<wabt::BinaryExpr>(Opcode(Opcode::I32Add)));
  code.push_back(make<wabt::GlobalSetExpr>(var(counter)));
}

// Rewrites the functions of a valid module. The gate has bounded the nesting, which this follows by
// recursion, and the instructions, so that no cost overflows.
class Meter {
 public:
  explicit Meter(wabt::Module& module)
      : module_(module), fuel_(add_counter()), slots_(add_counter()) {}

  void run() {
    for (wabt::Func* const function : module_.funcs) rewrite(*function);
    for (wabt::Memory* const memory : module_.memories) {
      wabt::Limits& limits = memory->page_limits;
      limits.max =
          limits.has_max ? std::min<std::uint64_t>(limits.max, wasm1::kPagesMax) : wasm1::kPagesMax;
      limits.has_max = true;
    }
  }

  [[nodiscard]] Index fuel() const { return fuel_; }
  [[nodiscard]] Index slots() const { return slots_; }

 private:
  // Globals are appended, so that the numbers of the others stay.
  Index add_counter() {
    auto field = std::make_unique<wabt::GlobalModuleField>();
    field->global.type = Type::I32;
    field->global.mutable_ = true;
    field->global.init_expr.push_back(constant(0));
    module_.AppendField(std::move(field));
    return static_cast<Index>(module_.globals.size() - 1);
  }

  // The body becomes one block, so that every way out passes the giving back. Branches to the
  // label of the function reach the block; `return` becomes such a branch.
  void rewrite(wabt::Func& function) {
    instructions_ = 0;
    const std::uint32_t locals = function.GetNumLocals();
    const std::uint32_t cost = wasm1::kCallFuel + locals + walk(function.exprs, 0);
    const std::uint32_t slots =
        std::max(wasm1::kCallSlots, function.GetNumParams() + locals + instructions_);
    auto body = std::make_unique<wabt::BlockExpr>();
    body->block.decl.sig.result_types = function.decl.sig.result_types;
    body->block.exprs.swap(function.exprs);
    function.exprs.push_back(std::move(body));
    give_back(function.exprs, slots_, slots);
    const auto begin = function.exprs.begin();
    take(function.exprs, begin, slots_, slots);
    take(function.exprs, begin, fuel_, cost);
  }

  // Meters the loops of a sequence. Returns the cost of the instructions outside of these. `depth`
  // counts the labels around the sequence, but that of the function.
  std::uint32_t walk(ExprList& code, Index depth) {
    std::uint32_t cost = 0;
    for (auto at = code.begin(); at != code.end(); ++at) {
      ++cost;
      ++instructions_;
      switch (at->type()) {
        case ExprType::Block:
          cost += walk(wabt::cast<wabt::BlockExpr>(&*at)->block.exprs, depth + 1);
          break;
        case ExprType::Loop: {
          ExprList& round = wabt::cast<wabt::LoopExpr>(&*at)->block.exprs;
          const std::uint32_t each = wasm1::kRoundFuel + walk(round, depth + 1);
          take(round, round.begin(), fuel_, each);
          break;
        }
        case ExprType::If: {
          auto* const fork = wabt::cast<wabt::IfExpr>(&*at);
          cost += walk(fork->true_.exprs, depth + 1) + walk(fork->false_, depth + 1);
          break;
        }
        case ExprType::Return: {
          const auto branch = code.insert(at, make<wabt::BrExpr>(var(depth)));
          code.erase(at);
          at = branch;
          break;
        }
        case ExprType::MemoryGrow:
          take(code, at, fuel_, wasm1::kGrowFuel);
          break;
        default:
          break;
      }
    }
    return cost;
  }

  wabt::Module& module_;
  Index fuel_;
  Index slots_;
  std::uint32_t instructions_ = 0;  // Of the function, in loops and outside.
};

std::string text_of(const wabt::Errors& errors) {
  return errors.empty() ? "is malformed" : "is malformed: " + errors.front().message;
}

core::Result<Index> find_function(const wabt::Module& module, const std::string& name,
                                  const wabt::TypeVector& parameters, Type result) {
  const wabt::Export* const found = module.GetExport(name);
  if (found == nullptr || found->kind != wabt::ExternalKind::Func) {
    return core::invalid("exports no function " + name);
  }
  const wabt::FuncSignature& signature = module.GetFunc(found->var)->decl.sig;
  if (signature.param_types != parameters || signature.result_types != wabt::TypeVector{result}) {
    return core::invalid("exports " + name + " with other parameters or another result");
  }
  return module.GetFuncIndex(found->var);
}

core::Result<void> find_exports(const wabt::Module& module, Metered& metered) {
  const wabt::Export* const memory = module.GetExport("memory");
  if (memory == nullptr || memory->kind != wabt::ExternalKind::Memory) {
    return core::invalid("exports no memory");
  }
  metered.memory = module.GetMemoryIndex(memory->var);
  const auto alloc = find_function(module, "alloc", {Type::I32}, Type::I32);
  if (!alloc.ok()) return alloc.failure();
  metered.alloc = alloc.value();
  const auto resolve =
      find_function(module, "anabranch_resolve_1", {Type::I32, Type::I32}, Type::I64);
  if (!resolve.ok()) return resolve.failure();
  metered.resolve = resolve.value();
  return {};
}

void export_global(wabt::Module& module, Index global, std::string_view name) {
  auto field = std::make_unique<wabt::ExportModuleField>();
  field->export_.name = name;
  field->export_.kind = wabt::ExternalKind::Global;
  field->export_.var = var(global);
  module.AppendField(std::move(field));
}

core::Result<Metered> rewritten(std::string_view bytes, bool exports_counters) {
  wabt::Module module;
  wabt::Errors errors;
  if (wabt::Failed(wabt::ReadBinaryIr("module", bytes.data(), bytes.size(), wabt_options::reading(),
                                      &errors, &module)) ||
      wabt::Failed(wabt::ValidateModule(&module, &errors,
                                        wabt::ValidateOptions(wabt_options::features())))) {
    return core::invalid(text_of(errors));
  }
  Metered metered;
  if (const auto found = find_exports(module, metered); !found.ok()) return found.failure();
  Meter meter(module);
  meter.run();
  metered.fuel = meter.fuel();
  metered.slots = meter.slots();
  if (exports_counters) {
    export_global(module, metered.fuel, kFuelExport);
    export_global(module, metered.slots, kSlotsExport);
  }
  wabt::MemoryStream stream;
  const wabt::WriteBinaryOptions writing(wabt_options::features(), true, false, false);
  if (wabt::Failed(wabt::WriteBinaryModule(&stream, &module, writing))) {
    return core::invalid("cannot be written again");
  }
  const std::vector<std::uint8_t>& written = stream.output_buffer().data;
  metered.bytes.assign(written.begin(), written.end());
  return metered;
}

}  // namespace

core::Result<Metered> meter(std::string_view module) { return rewritten(module, false); }

core::Result<Metered> metered_for_others(std::string_view module) {
  return rewritten(module, true);
}

}  // namespace anabranch::plugins
