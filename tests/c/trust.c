/* Certificate authorities that cannot be read: the message says which file and why, and nothing leaks. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static anchor_config *https_config(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "https://127.0.0.1:1"));
    return config;
}

static void set(const char *variable, const char *value)
{
    CHECK(value != NULL ? setenv(variable, value, 1) == 0 : unsetenv(variable) == 0);
}

static void is_refused(anchor_config *config, const char *name, const char *why)
{
    anchor_client *client = UNTOUCHED;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(config, &client));
    CHECK(client == NULL);
    CHECK_CONTAINS(name, anchor_config_error(config));
    CHECK_CONTAINS(why, anchor_config_error(config));
}

static void is_taken(anchor_config *config)
{
    anchor_client *client = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_client_new(config, &client));
    anchor_client_free(client);
}

/* A file with this content; its name is kept in `path`, which ends in XXXXXX. */
static void write_file(char *path, const char *content)
{
    int file = mkstemp(path);
    CHECK(file >= 0);
    CHECK(write(file, content, strlen(content)) == (ssize_t)strlen(content));
    CHECK(close(file) == 0);
}

static const struct {
    const char *content, *of_variable, *of_ca_file;
} bad[] = {
    {"", "holds no certificate", "holds no certificate"},
    {"not a certificate at all\n", "holds no certificate", "holds no certificate"},
    {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "number 1 is not a certificate"},
    {"-----BEGIN CERTIFICATE-----\nAAAA\n", "has no end line", "has no end line"},
    {"-----BEGIN CERTIFICATE-----\n$$$$\n-----END CERTIFICATE-----\n", "not base64", "not base64"},
    {"-----BEGIN CERTIFICATE\n", "first line of a certificate", "first line of a certificate"},
};

/* If the environment names authorities, only those are trusted: the bundled ones do not replace them. */
static void what_the_environment_names_is_not_passed_over(void)
{
    static const int32_t trusts[] = {ANCHOR_TRUST_AUTO, ANCHOR_TRUST_SYSTEM};
    set("SSL_CERT_DIR", NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[] = "/tmp/anchor-trust-XXXXXX";
        write_file(path, bad[i].content);
        for (size_t t = 0; t < 2; t++) {
            anchor_config *config = https_config();
            CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, trusts[t]));
            set("SSL_CERT_FILE", path);
            is_refused(config, "SSL_CERT_FILE", bad[i].of_variable);
            set("SSL_CERT_FILE", "/nowhere/roots.pem");
            is_refused(config, "/nowhere/roots.pem", "No such file or directory");
            set("SSL_CERT_FILE", NULL);
            set("SSL_CERT_DIR", "/nowhere");
            is_refused(config, "SSL_CERT_DIR", "No such file or directory");
            CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
            is_taken(config);
            set("SSL_CERT_DIR", NULL);
            anchor_config_free(config);
        }
        CHECK(unlink(path) == 0);
    }
}

static void a_bad_ca_file_is_named(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[] = "/tmp/anchor-trust-XXXXXX";
        anchor_config *config = https_config();
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
        is_taken(config);
        write_file(path, bad[i].content);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, path));
        is_refused(config, path, bad[i].of_ca_file);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, "/tmp"));
        is_refused(config, "/tmp", "Is a directory");
        CHECK(unlink(path) == 0);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, path));
        is_refused(config, path, "No such file or directory");
        anchor_config_free(config);
    }
}

static void be_refused_what_may_not_be_read(const char *path)
{
    if (geteuid() == 0) CHECK(setuid(65534) == 0); /* root may read anything */
    anchor_config *config = https_config();
    set("SSL_CERT_DIR", NULL);
    set("SSL_CERT_FILE", path);
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
    char path[] = "/tmp/anchor-trust-XXXXXX";
    int status;
    write_file(path, "");
    CHECK(chmod(path, 0) == 0);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        be_refused_what_may_not_be_read(path);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(unlink(path) == 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct test_case cases[] = {
    CASE(what_the_environment_names_is_not_passed_over),
    CASE(a_bad_ca_file_is_named),
    CASE(what_may_not_be_read_is_named),
};

RUN(cases)
