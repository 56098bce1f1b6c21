#include "rows/hooks/hook_guard.h"

#include <anabranch/error.h>

namespace anabranch::rows {

void refuse_inside_hooks() {
  throw Error(ErrorCode::kInvalid,
              "a function between concurrent values may not use a store: it decides by what it is "
              "given, so that all regions show the same");
}

}  // namespace anabranch::rows
