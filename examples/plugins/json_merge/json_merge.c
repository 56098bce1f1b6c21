// Three-way merge of JSON objects, for a policy that keeps bases: a member that only some of the
// concurrent values have changed, added or removed since their bases is shown so; of several
// changes of one member the last written one. Without a base all members of a value count as added.
//
// Members are compared and copied as texts; objects inside are not merged. Equal values, a value
// that is no object, and more than 200 members or 32 KiB in a value are left to the last written.
#include <anabranch/guest/resolver.h>

enum { kMembersMax = 200, kBytesMax = 32 << 10 };

// Parts of the input: the name with its quotes, the value without spaces around it.
typedef struct {
  anabranch_bytes name;
  anabranch_bytes value;
} member;

typedef struct {
  member* members;
  uint32_t count;
} object;

static int is_equal(anabranch_bytes a, anabranch_bytes b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static const char* skip_spaces(const char* at, const char* end) {
  while (at < end && is_space(*at)) ++at;
  return at;
}

// Returns the end of the string that begins at a quote; 0 if it has none.
static const char* skip_string(const char* at, const char* end) {
  for (++at; at < end && *at != '"'; ++at) {
    if (*at == '\\') ++at;
  }
  return at < end ? at + 1 : 0;
}

// Returns the comma or brace behind a value; 0 if there is none.
static const char* skip_value(const char* at, const char* end) {
  uint32_t depth = 0;
  while (at != 0 && at < end) {
    const char c = *at;
    if (depth == 0 && (c == ',' || c == '}')) return at;
    if (c == '"') {
      at = skip_string(at, end);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return 0;
}

// Reads a member with what follows it. Returns the comma or brace there; 0 if it is malformed.
static const char* read_member(const char* at, const char* end, member* to) {
  at = skip_spaces(at, end);
  if (at == end || *at != '"') return 0;
  to->name.data = at;
  at = skip_string(at, end);
  if (at == 0) return 0;
  to->name.size = (uint32_t)(at - to->name.data);
  at = skip_spaces(at, end);
  if (at == end || *at != ':') return 0;
  to->value.data = skip_spaces(at + 1, end);
  at = skip_value(to->value.data, end);
  if (at == 0) return 0;
  const char* last = at;
  while (last > to->value.data && is_space(last[-1])) --last;
  to->value.size = (uint32_t)(last - to->value.data);
  return to->value.size == 0 ? 0 : at;
}

// Returns whether the text is an object that can be merged.
static int read_object(anabranch_bytes text, object* to) {
  if (text.size > kBytesMax) return 0;
  to->members = (member*)anabranch_alloc(kMembersMax * sizeof(member));
  to->count = 0;
  const char* const end = text.data + text.size;
  const char* at = skip_spaces(text.data, end);
  if (at == end || *at != '{') return 0;
  at = skip_spaces(at + 1, end);
  if (at < end && *at == '}') return skip_spaces(at + 1, end) == end;
  for (;; ++at) {
    if (to->count == kMembersMax) return 0;
    at = read_member(at, end, &to->members[to->count++]);
    if (at == 0) return 0;
    if (*at == '}') return skip_spaces(at + 1, end) == end;
  }
}

// Returns the value of a member; bytes that are not there if the object lacks it.
static anabranch_bytes find(const object* in, anabranch_bytes name) {
  for (uint32_t i = 0; i < in->count; ++i) {
    if (is_equal(in->members[i].name, name)) return in->members[i].value;
  }
  return (anabranch_bytes){0, 0};
}

static int is_same(anabranch_bytes a, anabranch_bytes b) {
  if (a.data == 0 || b.data == 0) return a.data == b.data;
  return is_equal(a, b);
}

// A merge under way: the concurrent objects with their bases, and the text that comes of them.
typedef struct {
  object* values;
  object* bases;
  uint32_t count;
  char* text;
  uint32_t size;
} merge;

// Returns the value of a member after all changes; not there if it is removed.
static anabranch_bytes merged(const merge* of, anabranch_bytes name) {
  anabranch_bytes shown = find(&of->values[of->count - 1], name);
  for (uint32_t i = 0; i < of->count; ++i) {
    const anabranch_bytes value = find(&of->values[i], name);
    if (!is_same(value, find(&of->bases[i], name))) shown = value;
  }
  return shown;
}

static void put(merge* to, anabranch_bytes bytes) {
  memcpy(to->text + to->size, bytes.data, bytes.size);
  to->size += bytes.size;
}

static void put_member(merge* to, anabranch_bytes name) {
  const anabranch_bytes value = merged(to, name);
  if (value.data == 0) return;
  to->text[to->size] = to->size == 0 ? '{' : ',';
  ++to->size;
  put(to, name);
  to->text[to->size++] = ':';
  put(to, value);
}

// Returns whether an earlier object has the member too, or the same one further to the front.
static int is_known(const merge* of, uint32_t value, uint32_t number) {
  const anabranch_bytes name = of->values[value].members[number].name;
  for (uint32_t i = 0; i < value; ++i) {
    if (find(&of->values[i], name).data != 0) return 1;
  }
  const object before = {of->values[value].members, number};
  return find(&before, name).data != 0;
}

// Reads all values and bases. Returns whether they can be merged.
static int read(const anabranch_conflict* conflict, merge* to) {
  uint32_t bytes = 2;
  uint32_t members = 0;
  to->count = conflict->count;
  to->values = (object*)anabranch_alloc(to->count * sizeof(object));
  to->bases = (object*)anabranch_alloc(to->count * sizeof(object));
  for (uint32_t i = 0; i < to->count; ++i) {
    const anabranch_sibling* const each = &conflict->siblings[i];
    to->bases[i] = (object){0, 0};
    if (!read_object(each->value, &to->values[i])) return 0;
    if (each->base.data != 0 && !read_object(each->base, &to->bases[i])) return 0;
    members += to->values[i].count + to->bases[i].count;
    bytes += each->value.size + 1;
    if (members > kMembersMax || bytes > kBytesMax) return 0;
  }
  to->text = (char*)anabranch_alloc(bytes);
  to->size = 0;
  return 1;
}

anabranch_answer anabranch_resolve(const anabranch_conflict* conflict) {
  merge all;
  if (!read(conflict, &all)) return anabranch_decline();
  int all_equal = 1;
  for (uint32_t i = 1; i < conflict->count; ++i) {
    all_equal = all_equal && is_equal(conflict->siblings[0].value, conflict->siblings[i].value);
  }
  if (all_equal) return anabranch_decline();
  for (uint32_t i = 0; i < all.count; ++i) {
    for (uint32_t k = 0; k < all.values[i].count; ++k) {
      if (!is_known(&all, i, k)) put_member(&all, all.values[i].members[k].name);
    }
  }
  if (all.size == 0) all.text[all.size++] = '{';
  all.text[all.size++] = '}';
  return (anabranch_answer){all.text, all.size, 0};
}
