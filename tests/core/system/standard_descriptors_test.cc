#include "core/system/standard_descriptors.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "core/system/file_part.h"

namespace anabranch::standard_descriptors_test {

namespace {

// Whether the function is true in a forked process in which the descriptors of a set of bits are
// closed. Such a process says nothing: it may have no place to.
bool without(unsigned closed, const std::function<bool()>& function) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int each = 0; each < 3; ++each) {
      if ((closed >> static_cast<unsigned>(each) & 1U) != 0) ::close(each);
    }
    ::_exit(function() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_null(int descriptor) {
  struct stat null {};
  struct stat found {};
  return ::stat("/dev/null", &null) == 0 && ::fstat(descriptor, &found) == 0 &&
         found.st_rdev == null.st_rdev && S_ISCHR(found.st_mode);
}

}  // namespace

TEST_SUITE("core/standard_descriptors") {
  TEST_CASE("each that is closed is filled, and the others stay as they are") {
    for (unsigned closed = 0; closed < 8; ++closed) {
      CAPTURE(closed);
      CHECK(without(closed, [closed] {
        struct stat before[3] = {};
        for (int each = 0; each < 3; ++each) ::fstat(each, &before[each]);
        if (!core::fill_standard_descriptors().ok()) return false;
        for (int each = 0; each < 3; ++each) {
          struct stat now {};
          if (::fstat(each, &now) != 0) return false;
          const bool was_closed = (closed >> static_cast<unsigned>(each) & 1U) != 0;
          if (was_closed ? !is_null(each) : now.st_ino != before[each].st_ino) return false;
        }
        // A second call opens nothing.
        const int next = ::open("/dev/null", O_RDONLY);
        ::close(next);
        if (!core::fill_standard_descriptors().ok()) return false;
        const int same = ::open("/dev/null", O_RDONLY);
        return next > 2 && same == next;
      }));
    }
  }

  TEST_CASE("a descriptor of ours is none of them, and no other program inherits it") {
    for (unsigned closed = 1; closed < 8; ++closed) {
      CAPTURE(closed);
      CHECK(without(closed, [] {
        const int low = ::open("/dev/null", O_RDONLY);
        const int moved = core::above_standard(low);
        return low < 3 && moved > 2 && ::fcntl(low, F_GETFD) < 0 &&
               ::fcntl(moved, F_GETFD) == FD_CLOEXEC;
      }));
    }
    CHECK(core::above_standard(-1) == -1);
    CHECK(core::above_standard(1000) == 1000);
  }

  TEST_CASE("a part of a file is read, also near its end, and none of one that is not there") {
    CHECK(core::file_part("/proc/self/statm", 0, 3)->size() == 3);
    CHECK(core::file_part("/dev/null", 0, 3)->empty());
    CHECK_FALSE(core::file_part("/no such file", 0, 3));
  }
}

}  // namespace anabranch::standard_descriptors_test
