/*
 *     launch COMMAND [ARGUMENT]...
 *
 * Runs a command that prints {"answered":[US]}, and prints how long after the start of the process that was.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    int ends[2], status;
    double answered;
    struct timespec t;
    pid_t child;
    posix_spawn_file_actions_t actions;
    if (argc < 2 || pipe(ends) || posix_spawn_file_actions_init(&actions)
        || posix_spawn_file_actions_adddup2(&actions, ends[1], 1))
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if (posix_spawnp(&child, argv[1], &actions, NULL, argv + 1, environ))
        return 1;
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    if (!output || fscanf(output, "{\"answered\": [%lf]}", &answered) != 1)
        return 1;
    if (waitpid(child, &status, 0) != child || status)
        return 1;
    printf("{\"took\":[%.2f]}\n", answered - (double)t.tv_sec * 1e6 - (double)t.tv_nsec / 1e3);
    return 0;
}
