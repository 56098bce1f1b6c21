#include <anabranch/keys.h>

#include <utility>

namespace anabranch {

KeyPage list_keys(const Scope& scope, const KeyFilter& filter) {
  Span span = Span::starting(filter.prefix);
  if (filter.after && *filter.after >= span.from) span.from = Span::after(*filter.after).from;
  KeyPage page;
  scope.names(Key::all(filter.database), span, [&](const std::string& name) {
    page.more = page.keys.size() == filter.at_most;
    if (!page.more) page.keys.push_back(name);
    return !page.more;
  });
  if (page.keys.empty()) page.more = false;
  return page;
}

}  // namespace anabranch
