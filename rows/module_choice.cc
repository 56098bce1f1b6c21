#include "rows/module_choice.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "crdt/choice.h"
#include "plugins/conflict_input.h"
#include "plugins/verdict.h"
#include "rows/hook_question.h"
#include "rows/hooks/hook_input.h"
#include "rows/kept_answers.h"

namespace anabranch::rows {

namespace {

using plugins::Verdict;
using Answer = std::optional<std::string>;  // nullopt: the module has declined, or has no answer.

// Alarms that a module has no answer, and returns that.
Answer without_answer(const HookQuestion& question, const std::string& why) {
  question.raise(HookTrouble::kThrew, why + "; the last written is shown,");
  return std::nullopt;
}

// Returns the answer of a module; nullopt if it declines or has none. Throws Error{kNoMemory}.
Answer ask(const HookQuestion& question, const std::string& name, std::string_view module,
           const plugins::ConflictInput& input, ModulePool& pool) {
  core::Result<plugins::Outcome> run =
      question.timed([&] { return pool.run(name, module, plugins::encode(input)); });
  if (!run.ok()) return without_answer(question, "is refused: it " + run.failure().message);
  plugins::Outcome outcome = std::move(run).value();
  if (outcome.verdict == Verdict::kValue) return std::move(outcome.value);
  if (outcome.verdict == Verdict::kDeclined) return std::nullopt;
  return without_answer(question, "had no answer: " + std::string(to_string(outcome.verdict)));
}

}  // namespace

std::string value_by(const ModuleChoice& choice, const core::Path& path,
                     const core::Components& row, const crdt::Cell& cell, const RowReader& state,
                     const Resolvers& all) {
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  const std::string& name = choice.policy.policy.name;
  const HookQuestion question(HookQuestion::Hook::kModule, name, row, all.alarms());
  const AnswerCache::Tables tables = tables_of(state);
  all.answers().count_asked();
  Answer answer;
  if (const std::shared_ptr<const std::string> module = choice.policies.module(name)) {
    answer = ask(question, name, *module,
                 hook_input(row, choice.policy.scope.prefix, cell, *tables.regions), all.modules());
  } else {
    answer = without_answer(question, "is not there");
  }
  std::string value = answer ? *std::move(answer) : crdt::last_written(cell).value;
  all.answers().keep(path, cell, tables, value);  // Until a module comes: then the tables differ.
  return value;
}

}  // namespace anabranch::rows
