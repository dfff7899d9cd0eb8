/*
 * Describes to ThreadSanitizer what Rust's std does, which is built without it: each wrapper calls the real function, and
 * then reports the synchronization that follows from it. So nothing is suppressed, and a race of the library is still
 * reported. The linker puts the wrappers in place, with --wrap; LOCK_CONTENDED is the mangled name of std's Mutex::lock_contended.
 */
#include <stddef.h>
#include <stdint.h>

/* From sanitizer/tsan_interface.h, which belongs to clang's own runtime; that is not needed here, and may be missing. */
void __tsan_acquire(void *address);

/* Inlined code locks a Mutex that is free, and ThreadSanitizer sees it; this function locks one that is not. */
void lock_contended(uint32_t *mutex) __asm__("__real_" LOCK_CONTENDED);
void lock_contended_and_tell(uint32_t *mutex) __asm__("__wrap_" LOCK_CONTENDED);

void lock_contended_and_tell(uint32_t *mutex)
{
    lock_contended(mutex);
    __tsan_acquire(mutex);
}

/*
 * An Arc that is dropped counts down with release; the last one passes a fence, and then frees. An acquire fence makes
 * what was read before it an acquire; ThreadSanitizer knows no fences.
 */
enum { CONSUME = 1, ACQUIRE = 2, RELEASE = 3 };

int64_t fetch_sub(volatile int64_t *count, int64_t value, int order) __asm__("__real___tsan_atomic64_fetch_sub");
int64_t fetch_sub_and_note(volatile int64_t *count, int64_t value, int order)
    __asm__("__wrap___tsan_atomic64_fetch_sub");
void fence(int order) __asm__("__real___tsan_atomic_thread_fence");
void fence_and_tell(int order) __asm__("__wrap___tsan_atomic_thread_fence");

static __thread volatile int64_t *counted_down;

int64_t fetch_sub_and_note(volatile int64_t *count, int64_t value, int order)
{
    counted_down = count;
    return fetch_sub(count, value, order);
}

void fence_and_tell(int order)
{
    fence(order);
    if (order >= CONSUME && order != RELEASE && counted_down != NULL) __tsan_acquire((void *)(uintptr_t)counted_down);
}
