/* The functions that need no handle: version, statuses, strings and JSON. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void version_is_that_of_the_header(void)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", ANCHOR_VERSION_MAJOR, ANCHOR_VERSION_MINOR, ANCHOR_VERSION_PATCH);
    CHECK_TEXT(text, ANCHOR_VERSION);
    CHECK_TEXT(ANCHOR_VERSION, anchor_version());
    CHECK(anchor_version_number() == ANCHOR_VERSION_NUMBER);
    CHECK(anchor_version() == anchor_version());
}

static void every_status_has_its_value_name_and_sentence(void)
{
    static const struct {
        int32_t value, constant;
        const char *name;
    } statuses[] = {
#define STATUS(value, constant) {value, constant, #constant}
        STATUS(0, ANCHOR_OK),
        STATUS(1, ANCHOR_TIMEOUT),
        STATUS(2, ANCHOR_CANCELLED),
        STATUS(3, ANCHOR_PENDING),
        STATUS(4, ANCHOR_INTERRUPTED),
        STATUS(10, ANCHOR_INVALID_ARGUMENT),
        STATUS(11, ANCHOR_OUT_OF_MEMORY),
        STATUS(12, ANCHOR_INTERNAL),
        STATUS(20, ANCHOR_NOT_SENT),
        STATUS(21, ANCHOR_TLS),
        STATUS(22, ANCHOR_CONNECTION_LOST),
        STATUS(23, ANCHOR_PROTOCOL),
        STATUS(24, ANCHOR_RESPONSE_TOO_LARGE),
        STATUS(40, ANCHOR_BAD_REQUEST),
        STATUS(41, ANCHOR_UNAUTHORIZED),
        STATUS(42, ANCHOR_FORBIDDEN),
        STATUS(43, ANCHOR_NOT_FOUND),
        STATUS(44, ANCHOR_RATE_LIMITED),
        STATUS(45, ANCHOR_SERVER_ERROR),
        STATUS(46, ANCHOR_HTTP_ERROR),
#undef STATUS
    };
    const size_t count = sizeof statuses / sizeof statuses[0];
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        CHECK(statuses[i].value == statuses[i].constant);
        CHECK_TEXT(statuses[i].name, anchor_status_name(statuses[i].value));
        const char *message = anchor_status_message(statuses[i].value);
        CHECK(strlen(message) > 5 && message[strlen(message) - 1] == '.');
    }
    /* There are no others: a new status is added here too. */
    for (int32_t value = -1000; value <= 1000; value++) known += strcmp(anchor_status_name(value), "ANCHOR_UNKNOWN") != 0;
    CHECK(known == count);
}

static void an_unknown_status_has_a_name_too(void)
{
    static const int32_t unknown[] = {INT32_MIN, -1, 5, 9, 13, 47, 1000, INT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK_TEXT("ANCHOR_UNKNOWN", anchor_status_name(unknown[i]));
        CHECK(strlen(anchor_status_message(unknown[i])) > 5);
    }
}

static void a_status_is_32_bits(void)
{
    CHECK(sizeof(anchor_status) == 4);
    CHECK(sizeof(anchor_log_level) == 4);
    CHECK(sizeof(anchor_trust) == 4);
    CHECK(ANCHOR_DEFAULT_TIMEOUT_MS == 60000 && ANCHOR_NO_TIMEOUT == -1);
}

static void every_free_function_takes_null(void)
{
    anchor_string_free(NULL);
    anchor_config_free(NULL);
    anchor_client_free(NULL);
    anchor_cancel_token_free(NULL);
}

static void json_get_follows_rfc_6901(void)
{
    /* The example of the RFC's section 5. */
    static const char *const json = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
                                    "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}";
    CHECK_JSON(json, json, "");
    CHECK_JSON("[\"bar\",\"baz\"]", json, "/foo");
    CHECK_JSON("bar", json, "/foo/0");
    CHECK_JSON("baz", json, "/foo/1");
    CHECK_JSON("0", json, "/");
    CHECK_JSON("1", json, "/a~1b");
    CHECK_JSON("2", json, "/c%d");
    CHECK_JSON("3", json, "/e^f");
    CHECK_JSON("4", json, "/g|h");
    CHECK_JSON("5", json, "/i\\j");
    CHECK_JSON("6", json, "/k\"l");
    CHECK_JSON("7", json, "/ ");
    CHECK_JSON("8", json, "/m~0n");
}

static void json_get_gives_null_where_nothing_stands(void)
{
    static const char *const json = "{\"a\":[1,{\"b\":null}],\"t\":\"text\",\"01\":1}";
    static const char *const nowhere[] = {"/b", "/a/2", "/a/-", "/a/-1", "/a/01", "/a/+1", "/a/1x", "/a/", "/a/1/c",
                                          "/t/0", "/a/0/0", "/a/99999999999999999999", "//"};
    static const char *const malformed[] = {"a", "#", "#/a", "/~", "/~2", "/a~", "a/0", " "};
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) CHECK_JSON(NULL, json, nowhere[i]);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) CHECK_JSON(NULL, json, malformed[i]);
    CHECK_JSON("null", json, "/a/1/b");
    CHECK_JSON("1", json, "/01");
}

static void json_get_unescapes_strings_and_leaves_the_rest(void)
{
    static const char *const json =
        "{\"escapes\":\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9 \\ud83d\\ude00\",\"plain\":\"\xc3\xa9\",\"empty\":\"\","
        "\"big\":123456789012345678901234567890,\"exponent\":1E+400,\"zero\":-0.0,\"yes\":true,\"no\":false,"
        "\"object\":{ \"b\" : 1, \"a\" : [ ] },\"\\u006bey\":\"escaped name\",\"twice\":1,\"twice\":2}";
    CHECK_JSON("\" \\ / \b \f \n \r \t \xc3\xa9 \xf0\x9f\x98\x80", json, "/escapes");
    CHECK_JSON("\xc3\xa9", json, "/plain");
    CHECK_JSON("", json, "/empty");
    CHECK_JSON("123456789012345678901234567890", json, "/big");
    CHECK_JSON("1E+400", json, "/exponent");
    CHECK_JSON("-0.0", json, "/zero");
    CHECK_JSON("true", json, "/yes");
    CHECK_JSON("false", json, "/no");
    CHECK_JSON("{ \"b\" : 1, \"a\" : [ ] }", json, "/object");
    CHECK_JSON("escaped name", json, "/key");
    CHECK_JSON("2", json, "/twice");
}

static void json_get_takes_any_json_value(void)
{
    CHECK_JSON("text", "\"text\"", "");
    CHECK_JSON("7", " 7 ", "");
    CHECK_JSON("null", "null", "");
    CHECK_JSON("[]", "[]", "");
    CHECK_JSON("b", "[\"a\",\"b\"]", "/1");
}

/* A C string would end early, and nobody would notice. */
static void json_get_refuses_a_string_with_a_nul(void)
{
    static const char *const json = "{\"cut\":\"before\\u0000after\",\"whole\":{\"in\":\"a\\u0000b\"},\"a\\u0000b\":1}";
    CHECK_JSON(NULL, json, "/cut");
    CHECK_JSON("{\"in\":\"a\\u0000b\"}", json, "/whole");
}

static void json_get_takes_anything(void)
{
    static const char *const broken[] = {"", " ", "{", "}", "{\"a\":1", "{\"a\":1}x", "{'a':1}", "{\"a\":01}", "nul",
                                         "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "\xff", "{\"a\":\"\xc3\"}", "<html>"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        CHECK_JSON(NULL, broken[i], "");
        CHECK_JSON(NULL, broken[i], "/a");
    }
    CHECK_JSON(NULL, "{\"a\":1}", "/\xff");
    CHECK(anchor_json_get(NULL, "") == NULL);
    CHECK(anchor_json_get("{}", NULL) == NULL);
    CHECK(anchor_json_get(NULL, NULL) == NULL);
}

/* Deep nesting must not overflow the stack. */
static void json_get_takes_deep_nesting(void)
{
    enum { DEPTH = 200000 };
    char *deep = malloc(2 * DEPTH + 1);
    CHECK(deep != NULL);
    memset(deep, '[', DEPTH);
    memset(deep + DEPTH, ']', DEPTH);
    deep[2 * DEPTH] = '\0';
    CHECK_JSON(NULL, deep, "/0/0/1");
    anchor_string_free(anchor_json_get(deep, "/0/0"));
    free(deep);
}

static const struct test_case cases[] = {
    CASE(version_is_that_of_the_header),
    CASE(every_status_has_its_value_name_and_sentence),
    CASE(an_unknown_status_has_a_name_too),
    CASE(a_status_is_32_bits),
    CASE(every_free_function_takes_null),
    CASE(json_get_follows_rfc_6901),
    CASE(json_get_gives_null_where_nothing_stands),
    CASE(json_get_unescapes_strings_and_leaves_the_rest),
    CASE(json_get_takes_any_json_value),
    CASE(json_get_refuses_a_string_with_a_nul),
    CASE(json_get_takes_anything),
    CASE(json_get_takes_deep_nesting),
};

RUN(cases)
