/*
 * A test against a real server, without an account: starts `anchor-events serve`, reads its address, runs the test, and
 * stops the server.
 *
 *     test_with_server [PATH-OF-ANCHOR-EVENTS]
 *
 * Without a path, `anchor-events` is searched for in PATH. Exits with 0 if the test passes.
 */
#define _POSIX_C_SOURCE 200809L
#include <anchor.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process of the server while it runs; otherwise 0. */
static pid_t server_pid;

/* A test that ends early ends its server too. */
static void server_kill(void)
{
    if (server_pid > 0) {
        kill(server_pid, SIGTERM);
    }
}

static void fail(const char *what)
{
    fprintf(stderr, "FAILED: %s\n", what);
    exit(EXIT_FAILURE); /* runs server_kill */
}

/* Starts the server on a free port. Its first line of output is its URL; the server is ready when it prints this line. */
static void server_start(char *anchor, char *url, int url_size)
{
    char *arguments[] = {anchor, "serve", "--port", "0", "--api-key", "test-key", NULL};
    int output[2];
    if (pipe(output) != 0) {
        fail("pipe");
    }

    server_pid = fork();
    if (server_pid == -1) {
        fail("fork");
    }
    if (server_pid == 0) {
        dup2(output[1], STDOUT_FILENO);
        close(output[0]);
        close(output[1]);
        execvp(anchor, arguments);
        _exit(127); /* the command does not exist: the parent reads no line */
    }
    atexit(server_kill);

    close(output[1]);
    FILE *lines = fdopen(output[0], "r");
    if (lines == NULL || fgets(url, url_size, lines) == NULL) {
        fail("the server did not start; is `anchor-events` installed?");
    }
    url[strcspn(url, "\n")] = '\0';
    fclose(lines); /* it prints only the URL */
}

/* On SIGTERM the server answers the waits that are left, and exits with 0. */
static void server_stop(void)
{
    int status = 0;
    if (kill(server_pid, SIGTERM) != 0 || waitpid(server_pid, &status, 0) != server_pid) {
        fail("the server could not be stopped");
    }
    server_pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail("the server did not end well");
    }
}

/* A client of that server, whatever the environment says. Plain http is allowed on loopback. */
static anchor_client *client_of(const char *url)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();
    if (config == NULL || anchor_config_set_base_url(config, url) != ANCHOR_OK ||
        anchor_config_set_api_key(config, "test-key") != ANCHOR_OK || anchor_client_new(config, &client) != ANCHOR_OK) {
        fail(config ? anchor_config_error(config) : "out of memory");
    }
    anchor_config_free(config);
    return client;
}

/* Replace this with your test: here a signal, a wait that gets it, and a wait that times out. */
static void test(anchor_client *client)
{
    char *json = NULL;
    if (anchor_signal_event(client, "mfa_code", "{\"code\":\"123456\"}", ANCHOR_REQUEST_TIMEOUT, NULL,
                            NULL) != ANCHOR_OK) {
        fail("the signal was not accepted");
    }
    if (anchor_wait_for_event(client, "mfa_code", 5000, NULL, &json) != ANCHOR_OK) {
        fail("the event did not come");
    }
    char *code = anchor_json_get(json, "/data/code");
    if (code == NULL || strcmp(code, "123456") != 0) {
        fail("the event came without its code");
    }
    anchor_string_free(code);
    anchor_string_free(json);

    if (anchor_wait_for_event(client, "mfa_code", 0, NULL, NULL) != ANCHOR_TIMEOUT) {
        fail("the event came twice");
    }
}

int main(int argc, char **argv)
{
    char by_name[] = "anchor-events";
    char url[256];
    server_start(argc > 1 ? argv[1] : by_name, url, sizeof url);
    printf("The server is at %s\n", url);

    anchor_client *client = client_of(url);
    test(client);
    anchor_client_free(client);

    server_stop();
    printf("All is as it should be, and the server is gone.\n");
    return EXIT_SUCCESS;
}
