/*
 * bcryptprimitives.dll for wine 8, which has none: Rust's standard library takes ProcessPrng from it. For tests only; Windows has
 * its own.
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
