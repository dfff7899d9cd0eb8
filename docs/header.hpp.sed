# What Doxygen reads as anchor.hpp: its comments are documentation, and the opening one is that of the file.
s|^\( *\)//\( .*\)*$|\1///\2|
1i\
/// @file
