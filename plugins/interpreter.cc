// C++17: <wabt/interp/interp-inl.h> names a destructor with template arguments, which C++20
// forbids.

#include "plugins/interpreter.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <wabt/interp/binary-reader-interp.h>
#include <wabt/interp/interp.h>

#include "core/planted_bug.h"
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

  // Makes the state that a call begins with. Returns why that failed; empty if it did not.
  std::string begin(From from) {
    if (from == From::kLeft && instance) return {};
    if (is_as_made_in_size()) {
      if (!core::planted(core::Bug::kKeepModuleState)) reset();
      return {};
    }
    return make_instance();
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
  // Of the calls of several runs; absent after a trap, since its frames stay where they are.
  std::optional<interp::Thread> thread;

 private:
  static constexpr int kInstancesMax = 64;
  static constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 20;

  std::string make_instance() {
    drop_instance();
    interp::Trap::Ptr trap;
    instance = interp::Instance::Instantiate(store, module.ref(), {}, &trap);
    if (!instance) return trap ? trap->message() : "cannot be instantiated";
    memory = store.UnsafeGet<interp::Memory>(instance->memories()[program->parts().memory]);
    keep_image();
    return {};
  }

  // Instances are collected together, unless they hold much memory.
  void drop_instance() {
    if (memory) bytes_ += memory->ByteSize();
    memory.reset();
    instance.reset();
    if (++instances_ < kInstancesMax && bytes_ < kBytesMax) return;
    store.Collect();
    instances_ = 0;
    bytes_ = 0;
  }

  // The state of an instance is its memory and its globals: without bulk memory and reference types
  // nothing changes a table or a segment.
  void keep_image() {
    image_.clear();
    globals_.clear();
    if (memory->ByteSize() > kBytesMax) return;
    const std::uint8_t* const bytes = memory->UnsafeData();
    image_.assign(bytes, bytes + memory->ByteSize());
    for (const interp::Ref each : instance->globals()) {
      globals_.push_back(store.UnsafeGet<interp::Global>(each)->Get());
    }
  }

  // Returns whether there is an instance with an image, and its memory has not grown: no memory of
  // an instance becomes smaller.
  [[nodiscard]] bool is_as_made_in_size() const {
    return memory && !globals_.empty() && memory->ByteSize() == image_.size();
  }

  void reset() {
    copy_image();
    for (std::size_t i = 0; i < globals_.size(); ++i) {
      store.UnsafeGet<interp::Global>(instance->globals()[i])->UnsafeSet(globals_[i]);
    }
  }

  // In pieces: for larger ones C libraries take an instruction that is slow to begin.
  void copy_image() {
    constexpr std::size_t kPiece = 1024;  // A memory is a multiple of it.
    for (std::size_t at = 0; at < image_.size(); at += kPiece) {
      std::memcpy(memory->UnsafeData() + at, image_.data() + at, kPiece);
    }
  }

  std::vector<std::uint8_t> image_;
  interp::Values globals_;  // Empty without an image: a metered module has two at least.
  int instances_ = 0;
  std::uint64_t bytes_ = 0;
};

namespace {

constexpr std::uint32_t kShortRun = 100'000;  // In units of fuel.

interp::Value number(std::uint32_t value) { return interp::Value::Make(value); }

}  // namespace

Interpreter::Interpreter(std::shared_ptr<const Program> program)
    : state_(std::make_unique<State>(std::move(program))) {}

Interpreter::~Interpreter() = default;

std::string Interpreter::try_instance() { return state_->begin(From::kNew); }

Interpreter::End Interpreter::run(std::string_view input, std::uint32_t fuel, std::uint32_t slots,
                                  From from) {
  State& state = *state_;
  const Program::Parts& parts = state.program->parts();
  End end;
  if (!state.begin(from).empty()) return end;  // A checked program does not come here.
  const auto fuel_left = state.global(parts.fuel);
  const auto slots_left = state.global(parts.slots);
  fuel_left->UnsafeSet(number(fuel));
  slots_left->UnsafeSet(number(slots));
  if (!state.thread) state.thread.emplace(state.store);
  const auto call = [&](std::uint32_t function, const interp::Values& with) {
    interp::Values results;
    interp::Trap::Ptr trap;
    const bool returned =
        wabt::Succeeded(state.function(function)->Call(*state.thread, with, results, &trap));
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
  // A short run leaves a small stack.
  const bool was_short = fuel - static_cast<std::uint32_t>(end.fuel) < kShortRun;
  if (end.how == End::How::kTrapped || !was_short) state.thread.reset();
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
