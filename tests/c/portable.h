/*
 * What differs between systems and more than one program needs: descriptors and handles, sockets, variables, files. Threads and
 * clocks are those of POSIX, which mingw has too. A program that is about one system's own functions does not include this; it is
 * in tests/skipped.md for the others.
 */
#ifndef PORTABLE_H
#define PORTABLE_H

#include "check.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>
/* It needs the types of those. */
#include <tlhelp32.h>
#include <wchar.h>
typedef SOCKET portable_socket;
#else
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
typedef int portable_socket;
#endif

/* Whether what a program watches is ready: a descriptor, or the handle that Windows has instead. */
static inline int portable_ready(int fd, void *handle, int timeout_ms)
{
#ifdef _WIN32
    DWORD outcome = WaitForSingleObject(handle, (DWORD)timeout_ms);
    CHECK(fd == -1 && (outcome == WAIT_OBJECT_0 || outcome == WAIT_TIMEOUT));
    return outcome == WAIT_OBJECT_0;
#else
    struct pollfd watched = {fd, POLLIN, 0};
    int ready = poll(&watched, 1, timeout_ms);
    CHECK(handle == NULL && (ready == 0 || watched.revents == POLLIN));
    return ready;
#endif
}

static inline void portable_close(portable_socket socket)
{
#ifdef _WIN32
    CHECK(closesocket(socket) == 0);
#else
    CHECK(close(socket) == 0);
#endif
}

/* A socket that is bound to a port of loopback, whose address is in `url`. Nobody listens yet. */
static inline portable_socket portable_bound_socket(char *url, size_t size)
{
#ifdef _WIN32
    WSADATA data;
    int length = sizeof(struct sockaddr_in);
    CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0);
#else
    socklen_t length = sizeof(struct sockaddr_in);
#endif
    struct sockaddr_in address;
    portable_socket bound = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(bound, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(bound, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return bound;
}

/* Wakes a thread that accepts: one more connection comes. */
static inline void portable_knock(const char *url)
{
    struct sockaddr_in address;
    portable_socket knocking = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    CHECK(connect(knocking, (struct sockaddr *)&address, sizeof address) == 0);
    portable_close(knocking);
}

/* Closing the socket will reset the connection. */
static inline void portable_reset_on_close(portable_socket connection)
{
    const struct linger reset = {1, 0};
    CHECK(setsockopt(connection, SOL_SOCKET, SO_LINGER, (const char *)&reset, sizeof reset) == 0);
}

/* Whether SIGPIPE would end the program. Windows has no such signal. */
static inline int portable_sigpipe_is_default(void)
{
#ifdef _WIN32
    return 1;
#else
    struct sigaction action;
    return sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
#endif
}

/* Sets a variable of the environment, or removes it if the value is NULL. On Windows an empty one is removed too. */
static inline void portable_set_variable(const char *name, const char *value)
{
#ifdef _WIN32
    CHECK(_putenv_s(name, value ? value : "") == 0);
#else
    CHECK(value ? setenv(name, value, 1) == 0 : unsetenv(name) == 0);
#endif
}

/* A new file with this content. Its path is to be freed. */
static inline char *portable_temporary_file(const char *content)
{
    char *path = malloc(300);
    CHECK(path != NULL);
#ifdef _WIN32
    CHECK(GetTempPathA(260, path) != 0 && GetTempFileNameA(path, "anc", 0, path) != 0);
#else
    strcpy(path, "/tmp/anchor-test-XXXXXX");
    int created = mkstemp(path);
    CHECK(created >= 0 && close(created) == 0);
#endif
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fputs(content, file) >= 0 && fclose(file) == 0);
    return path;
}

/* As many descriptors as this process may have. Windows has no limit of them. */
static inline void portable_allow_descriptors(void)
{
#ifndef _WIN32
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
#endif
}

#ifdef _WIN32
/* By GetThreadDescription, which mingw's headers of 2022 do not declare. */
static inline int portable_is_the_librarys(DWORD id)
{
    FARPROC found = GetProcAddress(GetModuleHandleA("kernel32"), "GetThreadDescription");
    HRESULT(WINAPI *describe)(HANDLE, WCHAR **);
    WCHAR *name = NULL;
    HANDLE thread = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, id);
    CHECK(found != NULL);
    memcpy(&describe, &found, sizeof describe);
    int is_named = thread != NULL && describe(thread, &name) >= 0 && wcsncmp(name, L"anchor-", 7) == 0;
    LocalFree(name);
    if (thread != NULL) CloseHandle(thread);
    return is_named;
}
#endif

/* How many threads of the library there are, by their names. */
static inline int portable_library_threads(void)
{
    int count = 0;
#ifdef _WIN32
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    HANDLE threads = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    CHECK(threads != INVALID_HANDLE_VALUE);
    for (int more = Thread32First(threads, &entry); more; more = Thread32Next(threads, &entry))
        if (entry.th32OwnerProcessID == GetCurrentProcessId()) count += portable_is_the_librarys(entry.th32ThreadID);
    CloseHandle(threads);
#else
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL) continue;
        count += fgets(name, sizeof name, file) != NULL && strncmp(name, "anchor-", 7) == 0;
        fclose(file);
    }
    closedir(tasks);
#endif
    return count;
}

/* What the library's messages say of the system's errors. Windows has words of each language for them. */
#ifdef _WIN32
#define NO_SUCH_FILE "(os error 2)"
#define NO_SUCH_FOLDER "(os error 3)"
#define IS_A_FOLDER "(os error 5)"
#else
#define NO_SUCH_FILE "No such file or directory"
#define NO_SUCH_FOLDER NO_SUCH_FILE
#define IS_A_FOLDER "Is a directory"
#endif

#endif
