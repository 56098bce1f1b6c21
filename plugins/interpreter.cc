// C++17: <wabt/interp/interp-inl.h> names a destructor with template arguments, which C++20
// forbids.

#include "plugins/interpreter.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <wabt/interp/binary-reader-interp.h>
#include <wabt/interp/interp.h>

#include "plugins/wabt_options.h"

namespace anabranch::plugins {

namespace interp = wabt::interp;

struct Program::Desc {
  interp::ModuleDesc module;
};

std::shared_ptr<const Program> Program::load(std::string_view metered, const Parts& parts) {
  Desc desc;
  wabt::Errors errors;
  const wabt::Result read = interp::ReadBinaryInterp(
      "module", metered.data(), metered.size(), wabt_options::reading(), &errors, &desc.module);
  if (wabt::Failed(read)) return nullptr;
  return std::make_shared<const Program>(std::move(desc), parts);
}

Program::Program(Desc desc, const Parts& parts)
    : desc_(std::make_unique<const Desc>(std::move(desc))), parts_(parts) {}

Program::~Program() = default;

struct Interpreter::State {
  explicit State(std::shared_ptr<const Program> of)
      : program(std::move(of)),
        store(wabt_options::features()),
        module(interp::Module::New(store, program->desc().module)) {}

  // Makes a new instance in place of the last one. Returns why that failed; empty if it did not.
  std::string begin() {
    memory.reset();
    if (++instances_ > kInstancesMax || bytes_ > kBytesMax) collect();
    interp::Trap::Ptr trap;
    instance = interp::Instance::Instantiate(store, module.ref(), {}, &trap);
    if (!instance) return trap ? trap->message() : "cannot be instantiated";
    memory = store.UnsafeGet<interp::Memory>(instance->memories()[program->parts().memory]);
    return {};
  }

  // Drops the instance; its memory counts until it is collected.
  void end() {
    if (memory) bytes_ += memory->ByteSize();
  }

  interp::Global::Ptr global(std::uint32_t number) {
    return store.UnsafeGet<interp::Global>(instance->globals()[number]);
  }

  interp::DefinedFunc::Ptr function(std::uint32_t number) {
    return store.UnsafeGet<interp::DefinedFunc>(instance->funcs()[number]);
  }

  std::shared_ptr<const Program> program;
  interp::Store store;
  interp::Module::Ptr module;
  interp::Instance::Ptr instance;
  interp::Memory::Ptr memory;

 private:
  static constexpr int kInstancesMax = 64;
  static constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 20;

  void collect() {
    instance.reset();
    store.Collect();
    instances_ = 0;
    bytes_ = 0;
  }

  int instances_ = 0;
  std::uint64_t bytes_ = 0;
};

namespace {

interp::Value number(std::uint32_t value) { return interp::Value::Make(value); }

}  // namespace

Interpreter::Interpreter(std::shared_ptr<const Program> program)
    : state_(std::make_unique<State>(std::move(program))) {}

Interpreter::~Interpreter() = default;

std::string Interpreter::try_instance() {
  std::string why = state_->begin();
  state_->end();
  return why;
}

Interpreter::End Interpreter::run(std::string_view input, std::uint32_t fuel, std::uint32_t slots) {
  State& state = *state_;
  const Program::Parts& parts = state.program->parts();
  End end;
  if (!state.begin().empty()) return end;  // A checked program does not come here.
  const auto fuel_left = state.global(parts.fuel);
  const auto slots_left = state.global(parts.slots);
  fuel_left->UnsafeSet(number(fuel));
  slots_left->UnsafeSet(number(slots));
  const auto call = [&](std::uint32_t function, const interp::Values& with) {
    // A thread of its own: after a trap the frames of a thread stay where they are.
    interp::Thread thread(state.store);
    interp::Values results;
    interp::Trap::Ptr trap;
    const bool returned =
        wabt::Succeeded(state.function(function)->Call(thread, with, results, &trap));
    return returned ? std::optional<interp::Value>(results.front()) : std::nullopt;
  };

  const auto size = static_cast<std::uint32_t>(input.size());
  if (const auto room = call(parts.alloc, {number(size)})) {
    const auto at = room->Get<std::uint32_t>();
    if (std::uint64_t{at} + size > state.memory->ByteSize()) {
      end.how = End::How::kNoRoom;
    } else {
      if (size > 0) std::memcpy(state.memory->UnsafeData() + at, input.data(), size);
      if (const auto answer = call(parts.resolve, {number(at), number(size)})) {
        end.how = End::How::kReturned;
        end.answer = static_cast<std::int64_t>(answer->Get<std::uint64_t>());
      }
    }
  }
  end.fuel = fuel_left->UnsafeGet<std::int32_t>();
  end.slots = slots_left->UnsafeGet<std::int32_t>();
  state.end();
  return end;
}

const std::uint8_t* Interpreter::memory(std::uint64_t at, std::uint64_t size) const {
  const auto& memory = state_->memory;
  if (!memory || at > memory->ByteSize() || size > memory->ByteSize() - at) return nullptr;
  // An empty memory has no bytes to point at.
  static const std::uint8_t kNone = 0;
  return size == 0 ? &kNone : memory->UnsafeData() + at;
}

}  // namespace anabranch::plugins
