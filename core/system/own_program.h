// Where this program is, and what was installed with it.
#pragma once

#include <string>
#include <string_view>

namespace anabranch::core {

// The path of the program of this process, without symbolic links. Empty if the system does not
// tell.
std::string own_program();

// The path of a file that was installed with this program: of PREFIX/bin/NAME it is PREFIX/place,
// as "share/doc". A build tree has such places beside its folder `server`, too. Empty as above; the
// file need not be there.
std::string installed_with_program(std::string_view place);

}  // namespace anabranch::core
