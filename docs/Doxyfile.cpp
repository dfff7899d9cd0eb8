# The C++ API as pages, from anchor.hpp: `make docs`. The words are in anchor.h; here a declaration may speak for itself.
@INCLUDE               = docs/Doxyfile
INPUT                  = include/anchor.hpp
OUTPUT_DIRECTORY       = target/doc/cpp
OPTIMIZE_OUTPUT_FOR_C  = NO
EXTRACT_ALL            = YES
EXCLUDE_SYMBOLS        = anchor::detail*
PREDEFINED             = __cplusplus=202002L __cpp_exceptions=199711L __cpp_lib_jthread=201911L ANCHOR_HPP_THROWS=1 \
                         __has_include(x)=0
INPUT_FILTER           = "sed -f docs/header.hpp.sed"
