// SCAN and its kin: a collection in pages.
//
// A page visits so many names in their order, and its cursor stands for the last of them
// (scan_cursors.h). So a page costs what its COUNT says, whatever the collection holds, and no name
// that stays is missed: names before the place stay before it.

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/pattern.h"
#include "server/resp/admission.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

constexpr std::size_t kDefaultCount = 10;
// A set or hash that is not larger comes in one page, as with Redis.
constexpr std::uint64_t kSmall = 128;
// Names read at once.
constexpr std::size_t kBatch = 64;

struct Options {
  std::optional<std::string_view> pattern;
  std::optional<std::string_view> type;
  std::size_t count = kDefaultCount;

  [[nodiscard]] bool match(std::string_view name) const {
    return !pattern || *pattern == "*" || matches(*pattern, name);
  }
};

std::optional<std::uint64_t> take_cursor(Call& call, std::size_t position) {
  constexpr std::size_t kSizeMax = 20;
  const std::string_view word = call[position].substr(0, kSizeMax + 1);
  std::uint64_t cursor = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), cursor);
  if (error == std::errc() && end == word.data() + word.size()) return cursor;
  call.reply().error("ERR invalid cursor");
  return std::nullopt;
}

// Each option may be given more than once, as with Redis.
constexpr std::size_t kOptionWordsMax = 16;

// Returns nullopt after an error reply.
std::optional<Options> take_options(Call& call, std::size_t first, bool takes_type) {
  Options options;
  if (call.size() > first + kOptionWordsMax) {
    call.reply().error(kSyntaxError);
    return std::nullopt;
  }
  for (std::size_t i = first; i < call.size(); i += 2) {
    const bool more = i + 1 < call.size();
    if (more && same_word(call[i], "count")) {
      const std::optional<std::int64_t> count = take_integer(call, i + 1);
      if (!count) return std::nullopt;
      if (*count >= 1) {
        options.count = static_cast<std::size_t>(*count);
        continue;
      }
    } else if (more && same_word(call[i], "match")) {
      options.pattern = take_pattern(call, i + 1);
      if (!options.pattern) return std::nullopt;
      continue;
    } else if (more && takes_type && same_word(call[i], "type")) {
      options.type = call[i + 1];
      continue;
    }
    call.reply().error(kSyntaxError);
    return std::nullopt;
  }
  return options;
}

// Visits a page of names below a collection; `give` answers with one, or with none. Names that
// `shows` refuses are passed over as if they were not there: they count neither for the page nor
// for its cursor.
class Page {
 public:
  using Give = std::function<void(const std::string& name)>;
  using Shows = std::function<bool(const std::string& name)>;

  Page(Call& call, const Key& collection, std::uint64_t cursor, std::size_t count, Shows shows = {})
      : call_(call),
        answer_(call),
        collection_(collection),
        cursor_(cursor),
        count_(count),
        shows_(std::move(shows)) {
    if (cursor != 0) behind_ = call.host.cursors.find(cursor, collection.encoded());
  }

  void give(const Give& give) {
    bool more = false;
    for (std::size_t visited = 0; !more;) {
      const std::size_t wanted = std::min(kBatch, count_ - visited);
      const std::vector<std::string> names = next(wanted + 1);
      for (std::size_t i = 0; i < std::min(wanted, names.size()); ++i) {
        answer_.look_at(names[i]);
        ++visited;
        behind_ = names[i];
        give(names[i]);
      }
      if (names.size() <= wanted) break;  // There are no others.
      more = visited == count_;
    }
    // Not before: a page that takes long is begun again.
    if (cursor_ != 0) (void)call_.host.cursors.take(cursor_, collection_.encoded());
    answer_.enclose_page(more ? call_.host.cursors.issue(collection_.encoded(), *behind_) : 0);
  }
  LongAnswer& answer() { return answer_; }

 private:
  // Returns the next names that are shown. The caller wants one more than it visits: it tells
  // whether there are more.
  [[nodiscard]] std::vector<std::string> next(std::size_t wanted) const {
    std::vector<std::string> names;
    const Span rest = behind_ ? Span::after(*behind_) : Span{};
    call_.scope.names(collection_, rest, [&](const std::string& name) {
      if (!shows_ || shows_(name)) names.push_back(name);
      return names.size() < wanted;
    });
    return names;
  }

  Call& call_;
  LongAnswer answer_;
  const Key collection_;
  const std::uint64_t cursor_;
  const std::size_t count_;
  const Shows shows_;
  std::optional<std::string> behind_;
};

void scan(Call& call) {
  const std::optional<std::uint64_t> cursor = take_cursor(call, 1);
  if (!cursor) return;
  const std::optional<Options> options = take_options(call, 2, true);
  if (!options) return;
  Page::Shows shows;
  if (!sees_all_keys(call.client)) {
    shows = [&call](const std::string& name) { return may_see(call.client, name); };
  }
  Page page(call, call.all_keys(), *cursor, options->count, std::move(shows));
  page.give([&](const std::string& name) {
    if (!options->match(name)) return;
    if (options->type && !same_word(*options->type, to_string(call.scope.type(call.key(name)))))
      return;
    call.reply().bulk(name);
    page.answer().found();
  });
}

void reply_empty(Call& call) {
  call.reply().array(2);
  call.reply().bulk("0");
  call.reply().array(0);
}

// SSCAN and HSCAN; the options of a key without a value are not looked at, as with Redis.
template <typename Give>
void scan_key(Call& call, Type type, const Give& give) {
  const std::optional<std::uint64_t> cursor = take_cursor(call, 2);
  if (!cursor) return;
  const Key key = call.key(1);
  expect_type(call.scope, key, type);
  const Key collection = key.of(type);
  const std::uint64_t size = call.scope.count(collection);
  count_lookup(call, size > 0);
  if (size == 0) return reply_empty(call);
  const std::optional<Options> options = take_options(call, 3, false);
  if (!options) return;
  const std::size_t count =
      size <= kSmall ? std::max<std::size_t>(kSmall, options->count) : options->count;
  Page page(call, collection, *cursor, count);
  page.give([&](const std::string& name) {
    if (options->match(name)) give(key, name, page.answer());
  });
}

void sscan(Call& call) {
  scan_key(call, Type::kSet, [&](const Key&, const std::string& name, LongAnswer& answer) {
    call.reply().bulk(name);
    answer.found();
  });
}

// Fields that hold no string are left out.
void hscan(Call& call) {
  scan_key(call, Type::kMap, [&](const Key& key, const std::string& name, LongAnswer& answer) {
    const std::optional<std::string> value = call.scope.get(key.field(name).of(Type::kString));
    if (!value) return;
    call.reply().bulk(name);
    call.reply().bulk(*value);
    answer.found();
    answer.found();
  });
}

constexpr Command kScanCommands[] = {
    {.name = "scan",
     .arity = -2,
     .flags = kReads | kWhole | kLong,
     .run = scan,
     .since = "2.8.0",
     .usage = "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     .help = "The keys of this database, in pages.",
     .complexity = "O(N), N the count"},
    {.name = "sscan",
     .arity = -3,
     .flags = kReads | kLong,
     .group = Group::kSet,
     .keys = {kReadKey},
     .run = sscan,
     .since = "2.8.0",
     .usage = "key cursor [MATCH pattern] [COUNT count]",
     .help = "The members of a set, in pages.",
     .complexity = "O(N), N the count"},
    {.name = "hscan",
     .arity = -3,
     .flags = kReads | kLong,
     .group = Group::kHash,
     .keys = {kReadKey},
     .run = hscan,
     .since = "2.8.0",
     .usage = "key cursor [MATCH pattern] [COUNT count]",
     .help = "The fields and strings of a hash, in pages.",
     .complexity = "O(N), N the count"},
};

}  // namespace

std::span<const Command> scan_commands() { return kScanCommands; }

}  // namespace anabranch::server
