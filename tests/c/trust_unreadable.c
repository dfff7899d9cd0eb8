/* Certificate authorities that this user may not read: the message says which file and why. */
#define _POSIX_C_SOURCE 200809L
#include "trust.h"
#include <sys/stat.h>
#include <sys/wait.h>

static void be_refused_what_may_not_be_read(const char *path)
{
    if (geteuid() == 0) CHECK(setuid(65534) == 0); /* root may read anything */
    anchor_config *config = https_config();
    portable_set_variable("SSL_CERT_DIR", NULL);
    portable_set_variable("SSL_CERT_FILE", path);
    is_refused(config, path, "Permission denied");
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    is_taken(config);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, path));
    is_refused(config, path, "Permission denied");
    anchor_config_free(config);
}

/* In a child, since it drops its privileges. */
static void what_may_not_be_read_is_named(void)
{
    char *path = portable_temporary_file("");
    int status;
    CHECK(chmod(path, 0) == 0);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        be_refused_what_may_not_be_read(path);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(remove(path) == 0);
    free(path);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct test_case cases[] = {
    CASE(what_may_not_be_read_is_named),
};

RUN(cases)
