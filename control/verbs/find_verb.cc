#include "control/verbs/find_verb.h"

#include <algorithm>

#include "control/verbs/words.h"

namespace anabranch::control {

Found find_verb(Words words) {
  const Verb* container = &anabranch();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::span<const Verb> rows = container->verbs();
    const auto row = std::ranges::find_if(
        rows, [&](const Verb& each) { return same_word(words[i], each.name); });
    if (row == rows.end()) {
      if (same_word(words[i], "help") && i + 1 == words.size()) return {.help_of = container};
      return {.error = "ERR unknown subcommand '" + std::string(printable(words[i])) + "'. Try " +
                       in_upper_case(container->name) + " HELP."};
    }
    container = &*row;
    if (container->verbs != nullptr) continue;
    if (container->takes(words.size())) return {.verb = container};
    break;
  }
  return {.error = arity_error(container->name)};
}

void reply_help(const Verb& container, Writer& reply) {
  const std::span<const Verb> rows = container.verbs();
  reply.array(1 + rows.size() * 2);
  reply.status(in_upper_case(container.name) +
               " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Verb& row : rows) {
    std::string usage = in_upper_case(row.name);
    if (!row.usage.empty()) usage.append(" ").append(row.usage);
    reply.status(usage);
    reply.status("    " + std::string(row.help));
  }
}

}  // namespace anabranch::control
