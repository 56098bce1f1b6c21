#include "plugins/machine.h"

#include <cstdint>
#include <utility>

#include "plugins/rule.h"

namespace anabranch::plugins {

using How = Interpreter::End::How;

Outcome Machine::run(std::string_view input, Interpreter::From from) {
  if (input.size() > wasm1::kMemoryBytesMax) return {};
  // An interpreter that has thrown is not used again.
  std::unique_ptr<Interpreter> interpreter = std::move(interpreter_);
  if (!interpreter) interpreter = std::make_unique<Interpreter>(module_->program());
  const std::uint32_t fuel = wasm1::fuel_for(input.size());
  const Interpreter::End end = interpreter->run(input, fuel, wasm1::kSlots, from);
  interpreter_ = std::move(interpreter);
  Outcome outcome = judged(end);
  outcome.fuel = static_cast<std::uint64_t>(std::int64_t{fuel} - end.fuel);
  return outcome;
}

Outcome Machine::judged(const Interpreter::End& end) const {
  if (end.how == How::kTrapped) {
    if (end.fuel < 0) return {Verdict::kOutOfFuel, {}, 0};
    if (end.slots < 0) return {Verdict::kOutOfStack, {}, 0};
    return {Verdict::kTrap, {}, 0};
  }
  if (end.how == How::kNoRoom) return {Verdict::kBadAnswer, {}, 0};
  if (end.answer == -1) return {Verdict::kDeclined, {}, 0};
  const auto answer = static_cast<std::uint64_t>(end.answer);
  const std::uint64_t at = answer >> 32U;
  const std::uint64_t size = answer & UINT32_MAX;
  const std::uint8_t* const bytes = interpreter_->memory(at, size);
  if (bytes == nullptr) return {Verdict::kBadAnswer, {}, 0};
  if (size > wasm1::kAnswerBytesMax) return {Verdict::kAnswerTooLarge, {}, 0};
  return {Verdict::kValue, std::string(reinterpret_cast<const char*>(bytes), size), 0};
}

}  // namespace anabranch::plugins
