/*
 * What is left of the secrets in the memory of this process once the library has freed everything. No freed block is ever
 * used again here, so whatever was not wiped is found: on the heap, on stacks, in static data.
 *
 * The secrets are in clear only in a buffer that is wiped at once: their characters are computed, one at a time. The
 * environment has the URLs of servers that answer, refuse, hang up or tunnel.
 */
#define _GNU_SOURCE
#include "../c/check.h"
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

/* The library calls it too, and what it frees keeps its contents. */
void free(void *block)
{
    (void)block;
}

void *realloc(void *block, size_t size)
{
    size_t old = malloc_usable_size(block);
    void *larger = malloc(size);
    if (larger != NULL && block != NULL) memcpy(larger, block, old < size ? old : size);
    return larger;
}

struct secret {
    const char *name;
    size_t length;
    char (*at)(size_t);
};

enum { LENGTH = 60, PIECE = 16 };

/* Sixty different letters and digits, in an order of its own for each secret. */
static char letter(size_t index)
{
    return (char)(index < 10 ? '0' + index : index < 36 ? 'a' + (index - 10) : 'A' + (index - 36));
}

static char of_key(size_t index)
{
    return letter((index * 17 + 5) % 61);
}

static char of_second_key(size_t index)
{
    return letter((index * 29 + 11) % 61);
}

static char of_header(size_t index)
{
    return letter((index * 37 + 2) % 61);
}

static char of_header_of_one_call(size_t index)
{
    return letter((index * 43 + 19) % 61);
}

static char of_password(size_t index)
{
    return letter((index * 23 + 40) % 61);
}

/* The credentials as a proxy gets them: "user:" and the password, in base64. */
static char of_credentials(size_t index)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t group = 0;
    for (size_t i = index / 4 * 3; i < index / 4 * 3 + 3; i++)
        group = group << 8 | (uint8_t)(i < 5 ? "user:"[i] : of_password(i - 5));
    return alphabet[group >> (18 - index % 4 * 6) & 63];
}

/*
 * The private key of the client certificate, with all bits inverted: 24 characters of the second line of its PEM file, and
 * its number, which the file has in the base64 characters from 48 on. The rest of the file is no secret.
 */
enum { LINE = 64, OF_NUMBER = 48, NUMBER = 32, CHARACTERS = 24 };
static char inverted_characters[CHARACTERS], inverted_number[NUMBER];

static char of_client_key(size_t index)
{
    return (char)~inverted_characters[index];
}

static char of_client_number(size_t index)
{
    return (char)~inverted_number[index];
}

static const struct secret secrets[] = {
    {"the key", LENGTH, of_key},
    {"the second key", LENGTH, of_second_key},
    {"a header", LENGTH, of_header},
    {"a header of one call", LENGTH, of_header_of_one_call},
    {"the proxy's password", LENGTH, of_password},
    {"the proxy's credentials in base64", LENGTH, of_credentials},
    {"the client's private key in PEM", CHARACTERS, of_client_key},
    {"the client's private key", NUMBER, of_client_number},
};

/* A piece of the secret that begins here. */
static int is_piece(const struct secret *secret, const volatile char *memory)
{
    for (size_t start = 0; start + PIECE <= secret->length; start++) {
        size_t same = 0;
        while (same < PIECE && memory[same] == secret->at(start + same)) same++;
        if (same == PIECE) return 1;
    }
    return 0;
}

/* Which secrets have these two characters side by side: a bit each. Few places in memory need a closer look. */
static uint8_t pairs[256][256];

static void note_pairs(void)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        for (size_t start = 0; start + PIECE <= secrets[i].length; start++)
            pairs[(uint8_t)secrets[i].at(start)][(uint8_t)secrets[i].at(start + 1)] |= (uint8_t)(1u << i);
}

/* The secret of which a piece begins here; NULL if there is none. */
static const struct secret *secret_at(const volatile char *memory)
{
    uint8_t candidates = pairs[(uint8_t)memory[0]][(uint8_t)memory[1]];
    for (size_t i = 0; candidates >> i != 0; i++)
        if ((candidates >> i & 1) != 0 && is_piece(&secrets[i], memory)) return &secrets[i];
    return NULL;
}

/* How many pieces of secrets are in the memory that this process can write; prints where, if there must be none. */
static int count_pieces(int tell)
{
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    note_pairs();
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || strstr(line, " rw") == NULL) continue;
        for (const volatile char *at = (char *)from; at + PIECE <= (char *)to; at++) {
            const struct secret *found = secret_at(at);
            if (found == NULL) continue;
            count++;
            if (tell) fprintf(stderr, "%s is at %p in %s", found->name, (void *)at, line);
            at += PIECE - 1;
        }
    }
    fclose(maps);
    return count;
}

#define CHECK_GONE() CHECK(count_pieces(1) == 0)

/* Writes the secret where it is needed for a moment. */
static void reveal(char *text, char (*at)(size_t))
{
    for (size_t i = 0; i < LENGTH; i++) ((volatile char *)text)[i] = at(i);
    text[LENGTH] = '\0';
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) check_failed(__FILE__, __LINE__, "%s is not set%s%s", name, "", "");
    return value;
}

static void set_key(anchor_config *config)
{
    char key[LENGTH + 1];
    reveal(key, of_key);
    anchor_status status = anchor_config_set_api_key(config, key);
    explicit_bzero(key, sizeof key);
    CHECK_STATUS(ANCHOR_OK, status);
}

static void add_header(anchor_config *config)
{
    char value[LENGTH + 1];
    reveal(value, of_header);
    anchor_status status = anchor_config_add_header(config, "x-gate", value);
    explicit_bzero(value, sizeof value);
    CHECK_STATUS(ANCHOR_OK, status);
}

static anchor_options *options_with_header(void)
{
    char value[LENGTH + 1];
    anchor_options *options = anchor_options_new();
    reveal(value, of_header_of_one_call);
    anchor_status status = anchor_options_add_header(options, "x-tenant", value);
    explicit_bzero(value, sizeof value);
    CHECK_STATUS(ANCHOR_OK, status);
    return options;
}

static void replace_key(anchor_client *client)
{
    char key[LENGTH + 1];
    reveal(key, of_second_key);
    anchor_status status = anchor_client_set_api_key(client, key);
    explicit_bzero(key, sizeof key);
    CHECK_STATUS(ANCHOR_OK, status);
}

static void set_proxy(anchor_config *config, const char *scheme, const char *address)
{
    char password[LENGTH + 1], url[LENGTH + 100];
    reveal(password, of_password);
    int length = snprintf(url, sizeof url, "%s://user:%s@%s", scheme, password, address);
    anchor_status status = anchor_config_set_proxy(config, url);
    explicit_bzero(password, sizeof password);
    explicit_bzero(url, sizeof url);
    CHECK(length > 0 && (size_t)length < sizeof url);
    CHECK_STATUS(ANCHOR_OK, status);
}

static uint32_t sextet(char character)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = strchr(alphabet, character);
    return found != NULL ? (uint32_t)(found - alphabet) : 0;
}

/* Reads one character at a time, so that no buffer has two. */
static void learn_the_client_key(void)
{
    int file = open(variable("CLIENT_KEY"), O_RDONLY);
    volatile char character = 0;
    uint32_t group = 0;
    CHECK(file >= 0);
    while (character != '\n') CHECK(read(file, (char *)&character, 1) == 1);
    for (size_t i = 0; i < OF_NUMBER + 4 * ((NUMBER + 2) / 3);) {
        CHECK(read(file, (char *)&character, 1) == 1);
        if (character == '\n') continue;
        if (i >= LINE && i < LINE + CHARACTERS) inverted_characters[i - LINE] = (char)~character;
        if (i >= OF_NUMBER) {
            size_t at = (i - OF_NUMBER) / 4 * 3;
            group = group << 6 | sextet(character);
            for (size_t b = 0; i % 4 == 3 && b < 3 && at + b < NUMBER; b++)
                inverted_number[at + b] = (char)~(group >> (16 - 8 * b));
        }
        i++;
    }
    group = character = 0;
    CHECK(close(file) == 0);
}

static void set_client_certificate_of_files(anchor_config *config)
{
    const char *certificate = variable("CLIENT_CERTIFICATE"), *key = variable("CLIENT_KEY");
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_client_certificate(config, certificate, key));
}

static void set_client_certificate_of_memory(anchor_config *config)
{
    char certificate[4096] = "", key[4096] = "";
    int file = open(variable("CLIENT_CERTIFICATE"), O_RDONLY);
    CHECK(file >= 0 && read(file, certificate, sizeof certificate - 1) > 0 && close(file) == 0);
    file = open(variable("CLIENT_KEY"), O_RDONLY);
    CHECK(file >= 0 && read(file, key, sizeof key - 1) > 0 && close(file) == 0);
    anchor_status status = anchor_config_set_client_certificate_pem(config, certificate, key);
    explicit_bzero(key, sizeof key);
    CHECK_STATUS(ANCHOR_OK, status);
}

static anchor_config *config_for(const char *url)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, variable("CA_FILE")));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_request_timeout_ms(config, PATIENCE_MS));
    /* For "quiet", which is never answered. */
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_grace_ms(config, 50));
    return config;
}

/* Each kind of call, twice, so that connections are used again. The server's answer goes by the event's name. */
static void call(anchor_client *client, anchor_status expected)
{
    static const char *const names[] = {"ok", "status_401", "quoted", "status_301", "status_500", "html", "quiet"};
    for (size_t i = 0; i < 2 * sizeof names / sizeof names[0]; i++) {
        char *json = NULL;
        const char *name = names[i / 2];
        int is_quiet = strcmp(name, "quiet") == 0;
        anchor_status status = anchor_wait_for_event(client, name, is_quiet ? 50 : PATIENCE_MS, NULL, &json);
        if (i < 2) CHECK_STATUS(expected, status);
        anchor_string_free(json);
        if (is_quiet) continue;
        status = anchor_signal_event(client, name, "{\"a\":1}", ANCHOR_REQUEST_TIMEOUT, NULL, &json);
        if (i < 2) CHECK_STATUS(expected, status);
        anchor_string_free(json);
    }
    anchor_cancel_token *token = anchor_cancel_token_new();
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "ok", 50, token, NULL));
    anchor_cancel_token_free(token);
}

static void start(anchor_client *client, anchor_status expected)
{
    anchor_wait *taken = NULL, *dropped = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "ok", PATIENCE_MS, &taken));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "quiet", ANCHOR_NO_TIMEOUT, &dropped));
    CHECK_STATUS(expected, anchor_wait_finish(taken, PATIENCE_MS, NULL));
    anchor_wait_free(taken);
    anchor_wait_free(dropped);
}

static void use(anchor_config *config, anchor_status expected, const char *variable_to_wipe)
{
    anchor_client *client = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_client_new(config, &client));
    anchor_config_free(config);
    call(client, expected);
    start(client, expected);
    CHECK(count_pieces(0) > 0);
    anchor_client_free(client);
    if (variable_to_wipe != NULL) {
        explicit_bzero(getenv(variable_to_wipe), strlen(getenv(variable_to_wipe)));
        CHECK(unsetenv(variable_to_wipe) == 0);
    }
    CHECK_GONE();
}

static void use_server(const char *name, anchor_status expected)
{
    anchor_config *config = config_for(variable(name));
    set_key(config);
    use(config, expected, NULL);
}

/* Comes first: what is not known is not found. */
static void the_secrets_are_nowhere_yet(void)
{
    learn_the_client_key();
    CHECK_GONE();
}

static void settings_leave_nothing(void)
{
    anchor_config *config = config_for("http://127.0.0.1:9");
    set_key(config);
    set_proxy(config, "http", "127.0.0.1:9");
    CHECK(count_pieces(0) >= 2);
    /* Once more: the first ones are replaced. */
    set_key(config);
    set_proxy(config, "http", "127.0.0.1:9");
    anchor_config_free(config);
    CHECK_GONE();
}

static void plain_calls_leave_nothing(void)
{
    use_server("PLAIN", ANCHOR_OK);
}

static void calls_over_tls_leave_nothing(void)
{
    use_server("TLS12", ANCHOR_OK);
    use_server("TLS13", ANCHOR_OK);
}

static void refused_and_broken_calls_leave_nothing(void)
{
    use_server("BAD_CERTIFICATE", ANCHOR_TLS);
    use_server("NOBODY", ANCHOR_NOT_SENT);
    use_server("HANGS_UP", ANCHOR_CONNECTION_LOST);
}

static void a_proxy_leaves_nothing(void)
{
    anchor_config *config = config_for("https://localhost:9");
    set_key(config);
    set_proxy(config, "http", variable("TUNNEL"));
    use(config, ANCHOR_OK, NULL);
    config = config_for("https://localhost:9");
    set_key(config);
    set_proxy(config, "http", variable("NO_TUNNEL"));
    use(config, ANCHOR_NOT_SENT, NULL);
    config = config_for("https://localhost:9");
    set_key(config);
    set_proxy(config, "socks5h", variable("SOCKS"));
    use(config, ANCHOR_OK, NULL);
    config = config_for("http://localhost:9");
    set_key(config);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_allow_http(config, 1));
    set_proxy(config, "http", variable("FORWARD"));
    use(config, ANCHOR_OK, NULL);
}

static void call_with_options(anchor_client *client)
{
    anchor_options *options = options_with_header();
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_request_id(options, "id")); /* joins the headers again */
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event_with(client, "ok", PATIENCE_MS, options, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event_with(client, "ok", NULL, PATIENCE_MS, options, NULL, NULL));
    CHECK_STATUS(ANCHOR_UNAUTHORIZED, anchor_wait_for_event_with(client, "quoted", PATIENCE_MS, options, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_with(client, "ok", PATIENCE_MS, options, &wait));
    anchor_options_free(options);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    anchor_wait_free(wait);
}

static void headers_options_and_a_replaced_key_leave_nothing(void)
{
    static const char *const servers[] = {"PLAIN", "TLS13"};
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        anchor_client *client = NULL;
        anchor_config *config = config_for(variable(servers[i]));
        set_key(config);
        add_header(config);
        CHECK_STATUS(ANCHOR_OK, anchor_client_new(config, &client));
        anchor_config_free(config);
        call_with_options(client);
        call(client, ANCHOR_OK);
        replace_key(client);
        call_with_options(client);
        call(client, ANCHOR_OK);
        CHECK(count_pieces(0) >= 3);
        anchor_client_free(client);
        CHECK_GONE();
    }
}

static void a_client_certificate_leaves_nothing(void)
{
    anchor_config *config = config_for(variable("MUTUAL"));
    set_client_certificate_of_memory(config);
    CHECK(count_pieces(0) > 0);
    anchor_config_free(config);
    CHECK_GONE();
    config = config_for(variable("MUTUAL"));
    set_key(config);
    set_client_certificate_of_memory(config);
    use(config, ANCHOR_OK, NULL);
    config = config_for(variable("MUTUAL"));
    set_key(config);
    set_client_certificate_of_files(config);
    use(config, ANCHOR_OK, NULL);
}

/* The environment itself is the program's own, which wipes it. */
static void a_key_of_the_environment_leaves_nothing(void)
{
    char key[LENGTH + 1];
    reveal(key, of_key);
    CHECK(setenv("ANCHOR_API_KEY", key, 1) == 0);
    explicit_bzero(key, sizeof key);
    use(config_for(variable("TLS13")), ANCHOR_OK, "ANCHOR_API_KEY");
}

static const struct test_case cases[] = {
    CASE(the_secrets_are_nowhere_yet),
    CASE(settings_leave_nothing),
    CASE(plain_calls_leave_nothing),
    CASE(calls_over_tls_leave_nothing),
    CASE(refused_and_broken_calls_leave_nothing),
    CASE(a_proxy_leaves_nothing),
    CASE(headers_options_and_a_replaced_key_leave_nothing),
    CASE(a_client_certificate_leaves_nothing),
    CASE(a_key_of_the_environment_leaves_nothing),
};

RUN(cases)
