#include "plugins/verdict.h"

namespace anabranch::plugins {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kValue:
      return "value";
    case Verdict::kDeclined:
      return "declined";
    case Verdict::kOutOfFuel:
      return "out of fuel";
    case Verdict::kOutOfStack:
      return "out of stack";
    case Verdict::kTrap:
      return "trap";
    case Verdict::kBadAnswer:
      return "bad answer";
    case Verdict::kAnswerTooLarge:
      return "answer too large";
  }
  return "unknown";
}

}  // namespace anabranch::plugins
