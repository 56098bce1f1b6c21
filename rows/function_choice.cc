#include "rows/function_choice.h"

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "core/hash.h"
#include "crdt/choice.h"
#include "rows/hook_question.h"
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

// Returns the outcome of a call, with an alarm where it threw. Throws Error{kNoMemory}.
Outcome ask(const HookQuestion& question, const Resolver& resolver,
            const plugins::ConflictInput& input) {
  Outcome outcome = question.timed([&] { return call(resolver, to_conflict(input)); });
  if (outcome.thrown) {
    question.raise(HookTrouble::kThrew, "threw",
                   ": " + quoted(*outcome.thrown) + "; the last written is shown");
  }
  return outcome;
}

// Asks once more, and raises an alarm where the outcome is another one.
void ask_again(const HookQuestion& question, const Resolver& resolver,
               const plugins::ConflictInput& input, const Outcome& first) {
  std::optional<Outcome> second;
  try {
    second = call(resolver, to_conflict(input));
  } catch (const std::bad_alloc&) {
    return;  // The first answer counts, and says nothing about memory.
  }
  if (*second == first) return;
  question.raise(HookTrouble::kUnstable, "gave two answers to one question",
                 ": it is no pure function, and regions may show different values");
}

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
  const HookQuestion question(HookQuestion::Hook::kFunction, resolver.name(), row, all.alarms());
  const Outcome outcome = ask(question, resolver, input);
  const bool is_sample = core::checksum64(path.encoded()) % kAskedTwiceOf == 0;
  if (is_sample) ask_again(question, resolver, input, outcome);
  std::string value = shown(outcome.answer);
  if (!outcome.thrown) all.answers().keep(path, cell, tables, value);
  return value;
}

}  // namespace anabranch::rows
