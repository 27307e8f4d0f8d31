#if PTHREAD_LOCKS
internal import AuthCache

typealias Mutex = PthreadMutex
#endif
