# What Doxygen reads as anchor.h: the contract becomes the page of the file, and each part of the version gets its words.
1s|^/[*]$|/** @file|
s|^#define ANCHOR_VERSION_MAJOR.*|& /**< Changes with what breaks a program. */|
s|^#define ANCHOR_VERSION_MINOR.*|& /**< Changes with what is added. */|
s|^#define ANCHOR_VERSION_PATCH.*|& /**< Changes with what is mended. */|
s|^#define ANCHOR_VERSION_NUMBER|/** The version as a number to compare: 0x00MMmmpp. */\n&|
