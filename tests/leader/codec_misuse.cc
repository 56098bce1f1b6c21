// Does not compile: values of a type without a Codec, and with one that lacks a function. The
// compiler must name the missing function (CMakeLists.txt looks for it).

#include <string>

#include <anabranch/anabranch.h>

namespace {

struct Todo {
  std::string text;
};

}  // namespace

#ifdef WITH_HALF_A_CODEC
template <>
struct anabranch::Codec<Todo> {
  static std::string encode(const Todo& todo) { return todo.text; }
};
#endif

void put(anabranch::Scope& scope) { anabranch::Register<Todo>{scope, "todo"}.put({"write"}); }
