#include "rows/function_choice.h"

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <anabranch/error.h>

#include "core/hash.h"
#include "crdt/choice.h"
#include "rows/hooks/hook_guard.h"
#include "rows/hooks/hook_input.h"
#include "rows/row_text.h"

namespace anabranch::rows {

namespace {

using Answer = AnswerCache::Answer;

constexpr unsigned kAskedTwiceOf = 64;  // One of so many questions is asked a second time.

// The outcome of one call: an answer, or why there is none.
struct Outcome {
  Answer answer;
  std::optional<std::string> thrown;
  bool operator==(const Outcome&) const = default;
};

// Calls a function. Throws std::bad_alloc alone.
Outcome call(const Resolver& resolver, const Conflict& conflict) {
  const InsideHook inside;
  try {
    return {resolver.function()(conflict), std::nullopt};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return {std::nullopt, error.what()};
  } catch (...) {  // Every region has to show a value, whatever an application throws.
    return {std::nullopt, "an exception of an unknown type"};
  }
}

// One question to a function, for the texts of errors and alarms.
class Question {
 public:
  Question(const FunctionChoice& choice, const core::Components& row, const Resolvers& all)
      : resolver_(choice.resolver), row_(row), alarms_(all.alarms()) {}

  // Returns the answer; nullopt in an outcome without one. Throws Error{kNoMemory}.
  [[nodiscard]] Outcome ask(const HookInput& input) const {
    const std::int64_t from = alarms_.now_us();
    Outcome outcome;
    try {
      outcome = call(resolver_, to_conflict(input));
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::kNoMemory, text("had no memory to decide"));
    }
    if (outcome.thrown) {
      raise(HookTrouble::kThrew, "threw",
            ": " + quoted(*outcome.thrown) + "; the last written is shown");
    }
    const std::int64_t took = alarms_.now_us() - from;
    if (took > HookAlarms::kSlowUs) {
      raise(HookTrouble::kSlow, "took " + std::to_string(took / 1000) + " ms");
    }
    return outcome;
  }

  // Asks once more, and raises an alarm where the outcome is another one.
  void ask_again(const HookInput& input, const Outcome& first) const {
    std::optional<Outcome> second;
    try {
      second = call(resolver_, to_conflict(input));
    } catch (const std::bad_alloc&) {
      return;  // The first answer counts, and says nothing about memory.
    }
    if (*second == first) return;
    raise(HookTrouble::kUnstable, "gave two answers to one question",
          ": it is no pure function, and regions may show different values");
  }

 private:
  [[nodiscard]] std::string text(const std::string& what) const {
    return "the function " + quoted(resolver_.name()) + " " + what + " at " +
           path_text(core::Path::of(row_));
  }
  void raise(HookTrouble kind, const std::string& what, const std::string& more = {}) const {
    alarms_.raise(kind, resolver_.name(), text(what) + more);
  }

  const Resolver& resolver_;
  const core::Components& row_;
  HookAlarms& alarms_;
};

// Returns the bytes that name a function among those with one prefix.
std::string name_of(const FunctionChoice& choice) {
  std::string name(1, static_cast<char>(choice.source));
  return name += choice.resolver.name();
}

}  // namespace

std::string value_by(const FunctionChoice& choice, const core::Components& row,
                     const crdt::Cell& cell, const RowReader& state, const Resolvers& all) {
  const Resolver& resolver = choice.resolver;
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  if (!resolver.function()) return crdt::last_written(cell).value;
  const std::shared_ptr<const OriginRegions> regions = state.regions();
  const HookInput input = hook_input(row, choice.prefix, cell, *regions);
  const auto shown = [&](const Answer& answer) {
    return answer ? *answer : crdt::last_written(cell).value;
  };
  if (resolver.is_built_in()) return shown(resolver.function()(to_conflict(input)));
  AnswerCache::Key key = AnswerCache::key(name_of(choice), input);
  if (const AnswerCache::Shared kept = all.answers().find(key)) return shown(*kept);
  const Question question(choice, row, all);
  const Outcome outcome = question.ask(input);
  if (core::checksum64(key) % kAskedTwiceOf == 0) question.ask_again(input, outcome);
  if (!outcome.thrown) all.answers().keep(std::move(key), outcome.answer);
  return shown(outcome.answer);
}

}  // namespace anabranch::rows
