#include "rows/scores/scores.h"

namespace anabranch::rows {

const Scores& Scores::plain() {
  static const Resolvers kResolvers({});
  static const Scores kPlain(kResolvers, 0);
  return kPlain;
}

}  // namespace anabranch::rows
