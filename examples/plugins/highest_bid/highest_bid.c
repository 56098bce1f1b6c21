// Of concurrent bids "AMOUNT:BIDDER" the highest is shown; of equal amounts the earliest. A value
// that is no bid is shown if there is no bid.
#include <anabranch/guest/resolver.h>

// Returns the amount; -1 if the value is no bid. Amounts have up to 18 digits.
static int64_t amount_of(anabranch_bytes value) {
  int64_t amount = 0;
  uint32_t digits = 0;
  for (; digits < value.size && value.data[digits] != ':'; ++digits) {
    const char digit = value.data[digits];
    if (digit < '0' || digit > '9' || digits == 18) return -1;
    amount = amount * 10 + (digit - '0');
  }
  return digits == 0 || digits == value.size ? -1 : amount;
}

anabranch_answer anabranch_resolve(const anabranch_conflict* conflict) {
  const anabranch_sibling* best = 0;
  int64_t highest = -1;
  for (uint32_t i = 0; i < conflict->count; ++i) {
    const anabranch_sibling* const each = &conflict->siblings[i];
    const int64_t amount = amount_of(each->value);
    if (amount < 0 || amount < highest) continue;
    if (amount == highest && each->time_ms >= best->time_ms) continue;
    best = each;
    highest = amount;
  }
  return best == 0 ? anabranch_decline() : anabranch_show(best->value);
}
