/*
 *     plugin_host PLUGIN URL
 *
 * Loads the plugin, waits in it and cancels that, unloads it, and lives on. It looks up names itself, for the plugin too: a
 * lookup hangs until the plugin is unloaded. Prints the status of the wait, and whether the plugin is still mapped.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t looking_up, unloaded;
static int (*plugin_wait)(int64_t timeout_ms);

/* In the place of the C library's. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    (void)name, (void)service, (void)hints, (void)found;
    sem_post(&looking_up);
    sem_wait(&unloaded);
    sem_post(&unloaded);
    return EAI_FAIL;
}

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static void *wait_in_plugin(void *status)
{
    *(int *)status = plugin_wait(20000);
    return NULL;
}

static int threads(void)
{
    char line[128];
    int count = 0;
    FILE *file = fopen("/proc/self/status", "r");
    must(file != NULL, "/proc/self/status");
    while (!count && fgets(line, sizeof line, file))
        sscanf(line, "Threads: %d", &count);
    fclose(file);
    return count;
}

/* What a plugin registered with fork has to go with it. */
static int forks(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return waitpid(child, &status, 0) == child && status == 0;
}

#define FIND(declaration, name) declaration = (__typeof__(name))dlsym(plugin, #name)

int main(int argc, char **argv)
{
    int status = -1;
    pthread_t thread;
    must(argc == 3, "plugin_host PLUGIN URL");
    int is_name = strstr(argv[2], "127.0.0.1") == NULL;
    sem_init(&looking_up, 0, 0);
    sem_init(&unloaded, 0, 0);

    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    must(plugin != NULL, argv[1]);
    FIND(int (*plugin_open)(const char *base_url), plugin_open);
    FIND(void (*plugin_start_and_free)(void), plugin_start_and_free);
    FIND(void (*plugin_cancel)(void), plugin_cancel);
    FIND(void (*plugin_close)(void), plugin_close);
    plugin_wait = (__typeof__(plugin_wait))dlsym(plugin, "plugin_wait");

    must(plugin_open(argv[2]) == 0, "anchor_client_new");
    must(pthread_create(&thread, NULL, wait_in_plugin, &status) == 0, "pthread_create");
    if (is_name) {
        sem_wait(&looking_up);
        plugin_start_and_free();
    }
    plugin_cancel();
    pthread_join(thread, NULL);
    plugin_close();
    must(dlclose(plugin) == 0, "dlclose");

    /* The lookups return now, into the plugin's code, and their threads end. */
    sem_post(&unloaded);
    while (threads() > 1)
        usleep(1000);
    must(forks(), "fork");
    printf("%d %s\n", status, dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) ? "mapped" : "unloaded");
    return 0;
}
