#include "rows/scores/scores.h"

namespace anabranch::rows {

const Scores& Scores::plain() {
  static const auto* const none = new Resolvers({});
  static const auto* const plain = new Scores(*none, 0);
  return *plain;
}

}  // namespace anabranch::rows
