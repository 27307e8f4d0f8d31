// Counts what a process asks of the C library's allocator. Built and preloaded by ci/allocations.
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long count;
static void tick(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

long authcache_allocations(void) { return atomic_load_explicit(&count, memory_order_relaxed); }

void *malloc(size_t size) { tick(); return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { tick(); return __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { tick(); return __libc_realloc(old, size); }
void *aligned_alloc(size_t alignment, size_t size) { tick(); return __libc_memalign(alignment, size); }
void *memalign(size_t alignment, size_t size) { tick(); return __libc_memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
  tick();
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : 12;
}
