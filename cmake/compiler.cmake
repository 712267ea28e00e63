# The compiler, the flags of each build kind, and the refusal of compilers known to miscompile coroutines.

# GCC 12 destroys some temporaries of a full expression with co_await twice (GCC PR 107288).
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    message(FATAL_ERROR
        "logstore needs clang 19 or newer; this is ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. "
        "GCC 12 destroys temporaries twice around co_await. Use tools/build, which chooses clang++-19.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(LOGSTORE_FUZZ "build the fuzzers (needs a sanitizer preset)" OFF)
set(LOGSTORE_SANITIZE "" CACHE STRING "sanitizers, as given to -fsanitize=")

# x86-64-v2 carries SSE4.2 (CRC-32C); every server processor since 2009 has it.
add_compile_options(-march=x86-64-v2 -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wformat-security
                    -Werror=return-type -Werror=unused-result -Werror=dangling -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld-19)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-O2 -g1 -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong)
    add_link_options(-pie -Wl,-z,relro -Wl,-z,now)
endif()
if(LOGSTORE_SANITIZE)
    add_compile_options(-fsanitize=${LOGSTORE_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${LOGSTORE_SANITIZE})
endif()
if(LOGSTORE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
