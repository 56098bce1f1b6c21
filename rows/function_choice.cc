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
#include "rows/kept_answers.h"
#include "rows/row_text.h"

namespace anabranch::rows {

namespace {

using Answer = std::optional<std::string>;  // nullopt: the function has declined.

constexpr unsigned kAskedTwiceOf = 64;  // Questions about one of so many rows are asked twice.

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
  [[nodiscard]] Outcome ask(const plugins::ConflictInput& input) const {
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
  void ask_again(const plugins::ConflictInput& input, const Outcome& first) const {
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

}  // namespace

std::string value_by(const FunctionChoice& choice, const core::Path& path,
                     const core::Components& row, const crdt::Cell& cell, const RowReader& state,
                     const Resolvers& all) {
  const Resolver& resolver = choice.resolver;
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  if (!resolver.function()) return crdt::last_written(cell).value;
  const AnswerCache::Tables tables = tables_of(state);
  const plugins::ConflictInput input = hook_input(row, choice.prefix, cell, *tables.regions);
  const auto shown = [&](const Answer& answer) {
    return answer ? *answer : crdt::last_written(cell).value;
  };
  if (resolver.is_built_in()) return shown(resolver.function()(to_conflict(input)));
  all.answers().count_asked();
  const Question question(choice, row, all);
  const Outcome outcome = question.ask(input);
  const bool is_sample = core::checksum64(path.encoded()) % kAskedTwiceOf == 0;
  if (is_sample) question.ask_again(input, outcome);
  std::string value = shown(outcome.answer);
  if (!outcome.thrown) all.answers().keep(path, cell, tables, value);
  return value;
}

}  // namespace anabranch::rows
