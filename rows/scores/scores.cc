#include "rows/scores/scores.h"

namespace anabranch::rows {

const Scores& Scores::plain() {
  static const Names kNames;
  static const Resolvers kResolvers({});
  static const Scores kPlain(kNames, kResolvers, 0);
  return kPlain;
}

}  // namespace anabranch::rows
