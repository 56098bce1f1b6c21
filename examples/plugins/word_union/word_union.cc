// The words of all concurrent values, each once, sorted, with commas between them: "a,b" and "b,c"
// show "a,b,c". A word that one region has removed from the value comes back if another has not;
// where the policy keeps bases, a word of a value's base that the value lacks is removed. Equal
// values, and those of more than 500 words or 32 KiB together, are left to the last written.
#include <anabranch/guest/resolver.h>

namespace {

// Words are parts of the input.
struct Word {
  const char* data;
  uint32_t size;
};

bool operator<(const Word& left, const Word& right) {
  if (left.size > 0 && right.size > 0 && left.data[0] != right.data[0]) {
    return static_cast<uint8_t>(left.data[0]) < static_cast<uint8_t>(right.data[0]);
  }
  const uint32_t both = left.size < right.size ? left.size : right.size;
  const int order = memcmp(left.data, right.data, both);
  return order < 0 || (order == 0 && left.size < right.size);
}

bool operator==(const Word& left, const Word& right) {
  return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

// A list of words with room for all that it is given.
class Words {
 public:
  explicit Words(uint32_t room)
      : words_(static_cast<Word*>(anabranch_alloc(room * sizeof(Word)))) {}

  void add(anabranch_bytes text) {
    uint32_t begin = 0;
    for (uint32_t at = 0; at <= text.size; ++at) {
      if (at < text.size && text.data[at] != ',') continue;
      if (at > begin) words_[size_++] = {text.data + begin, at - begin};
      begin = at + 1;
    }
  }

  // Sorts by merging ever longer runs: no recursion, and no input makes it slow. Then each word
  // stands there once.
  void sort() {
    Word* other = static_cast<Word*>(anabranch_alloc(size_ * sizeof(Word)));
    for (uint32_t run = 1; run < size_; run *= 2) {
      for (uint32_t begin = 0; begin < size_; begin += 2 * run) {
        const uint32_t middle = least(begin + run, size_);
        merge(begin, middle, least(middle + run, size_), other + begin);
      }
      Word* const merged = other;
      other = words_;
      words_ = merged;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      if (kept == 0 || !(words_[kept - 1] == words_[i])) words_[kept++] = words_[i];
    }
    size_ = kept;
  }

  // Whether a sorted list has the word.
  bool has(const Word& word) const {
    uint32_t begin = 0;
    uint32_t end = size_;
    while (begin < end) {
      const uint32_t middle = begin + (end - begin) / 2;
      if (words_[middle] < word) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin < size_ && words_[begin] == word;
  }

  const Word* begin() const { return words_; }
  const Word* end() const { return words_ + size_; }

 private:
  static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

  void merge(uint32_t begin, uint32_t middle, uint32_t end, Word* to) const {
    for (uint32_t left = begin, right = middle; left < middle || right < end;) {
      const bool takes_right = left == middle || (right < end && words_[right] < words_[left]);
      *to++ = words_[takes_right ? right++ : left++];
    }
  }

  Word* words_;
  uint32_t size_ = 0;
};

constexpr uint32_t kWordsMax = 500;
constexpr uint32_t kBytesMax = 32 << 10;

// Returns an upper bound.
uint32_t words_of(anabranch_bytes text) {
  uint32_t words = 1;
  for (uint32_t at = 0; at < text.size; ++at) words += text.data[at] == ',' ? 1 : 0;
  return words;
}

Words sorted(anabranch_bytes text) {
  Words words(words_of(text));
  words.add(text);
  words.sort();
  return words;
}

}  // namespace

anabranch_answer anabranch_resolve(const anabranch_conflict* conflict) {
  const anabranch_bytes last = conflict->siblings[conflict->count - 1].value;
  bool all_equal = true;
  uint32_t room = 0;
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < conflict->count; ++i) {
    const anabranch_sibling& each = conflict->siblings[i];
    if (each.value.size > kBytesMax || each.base.size > kBytesMax) return anabranch_decline();
    bytes += each.value.size + 1;
    room += words_of(each.value) + words_of(each.base);
    if (bytes > kBytesMax || room > kWordsMax) return anabranch_decline();
    all_equal = all_equal && Word{each.value.data, each.value.size} == Word{last.data, last.size};
  }
  if (all_equal) return anabranch_decline();
  Words all(room);
  Words removed(room);
  for (uint32_t i = 0; i < conflict->count; ++i) {
    const anabranch_sibling& each = conflict->siblings[i];
    all.add(each.value);
    if (each.base.data == nullptr) continue;
    const Words now = sorted(each.value);
    for (const Word& word : sorted(each.base)) {
      if (!now.has(word)) removed.add({word.data, word.size});
    }
  }
  all.sort();
  removed.sort();
  char* const text = static_cast<char*>(anabranch_alloc(bytes));
  uint32_t size = 0;
  for (const Word& word : all) {
    if (removed.has(word)) continue;
    if (size > 0) text[size++] = ',';
    memcpy(text + size, word.data, word.size);
    size += word.size;
  }
  return {text, size, 0};
}
