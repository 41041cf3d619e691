# Compiles for any Linux of an architecture with zig's clang (`pip install ziglang`), which brings
# every version of the C library: the system's own compiler asks for the glibc that the system has.
# YR_FAKE_CANN_FOR in the environment is zig's name of the target: x86_64-linux-gnu.2.27.
if("$ENV{YR_FAKE_CANN_FOR}" STREQUAL "")
  message(FATAL_ERROR "set YR_FAKE_CANN_FOR, for example to aarch64-linux-gnu.2.27")
endif()
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "$ENV{YR_FAKE_CANN_FOR}")
set(CMAKE_SYSTEM_NAME Linux)
find_program(YR_FAKE_CANN_ZIG python-zig REQUIRED)
set(CMAKE_C_COMPILER ${YR_FAKE_CANN_ZIG} cc -target $ENV{YR_FAKE_CANN_FOR})
set(CMAKE_CXX_COMPILER ${YR_FAKE_CANN_ZIG} c++ -target $ENV{YR_FAKE_CANN_FOR})
# The system's strip knows one architecture only.
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,--strip-all")
