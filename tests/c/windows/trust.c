/*
 * Where trust comes from on Windows: the system's store, and files whose names are UTF-8 for the library and UTF-16 for the
 * system. Also settings of the environment that are not Unicode. The TLS server and its authority are in the environment.
 */
#include "../check.h"

#include <windows.h>
#include <wincrypt.h>

static const char *needed(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) check_failed(__FILE__, __LINE__, "%s is not set%s%s", name, "", "");
    return value;
}

static anchor_config *secure_config(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, needed("ANCHOR_TEST_TLS_URL")));
    return config;
}

static void check_trusts(anchor_config *config, int32_t status)
{
    anchor_client *client = check_client_of(config);
    char *json = NULL;
    int32_t actual = anchor_signal_event(client, "trusted", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    if (actual != status && json != NULL) fprintf(stderr, "%s\n", json);
    CHECK_STATUS(status, actual);
    anchor_string_free(json);
    anchor_client_free(client);
}

/* A file beside the system's other temporary ones. Its name is in no code page of one byte. */
static void unicode_path(WCHAR path[MAX_PATH], char utf8[3 * MAX_PATH])
{
    WCHAR folder[MAX_PATH];
    CHECK(GetTempPathW(MAX_PATH - 32, folder) > 0);
    _snwprintf(path, MAX_PATH, L"%ls\x03a9 \x6f22 \xd83d\xdd11 %lu.pem", folder, GetCurrentProcessId());
    CHECK(WideCharToMultiByte(CP_UTF8, 0, path, -1, utf8, 3 * MAX_PATH, NULL, NULL) > 0);
}

static void copy_authority(const WCHAR *to)
{
    WCHAR from[MAX_PATH];
    CHECK(MultiByteToWideChar(CP_UTF8, 0, needed("ANCHOR_TEST_CA_FILE"), -1, from, MAX_PATH) > 0);
    CHECK(CopyFileW(from, to, FALSE));
}

static void a_path_is_utf8(void)
{
    WCHAR path[MAX_PATH];
    char utf8[3 * MAX_PATH];
    anchor_config *config = secure_config();

    unicode_path(path, utf8);
    copy_authority(path);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, utf8));
    check_trusts(config, ANCHOR_OK);
    CHECK(DeleteFileW(path));
}

static void ssl_cert_file_is_utf16(void)
{
    WCHAR path[MAX_PATH];
    char utf8[3 * MAX_PATH];

    unicode_path(path, utf8);
    copy_authority(path);
    CHECK(SetEnvironmentVariableW(L"SSL_CERT_FILE", path));
    check_trusts(secure_config(), ANCHOR_OK);
    CHECK(DeleteFileW(path));
    anchor_config *config = secure_config();
    anchor_client *client = NULL;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(config, &client));
    CHECK_CONTAINS("SSL_CERT_FILE", anchor_config_error(config));
    anchor_config_free(config);
    CHECK(SetEnvironmentVariableW(L"SSL_CERT_FILE", NULL));
}

static void the_authority_of_nobody_is_refused(void)
{
    check_trusts(secure_config(), ANCHOR_TLS);
}

/* Puts the authority into the user's store, or takes it out. A store is written when it is closed. (Wine 8 keeps what is taken
 * out, so the effect of that is not checked.) */
static void change_store(int is_added)
{
    char pem[16384];
    BYTE der[8192];
    DWORD length = sizeof der;
    HCERTSTORE store = CertOpenSystemStoreW(0, L"ROOT");
    FILE *file = fopen(needed("ANCHOR_TEST_CA_FILE"), "rb");

    CHECK(store != NULL && file != NULL);
    pem[fread(pem, 1, sizeof pem - 1, file)] = '\0';
    fclose(file);
    CHECK(CryptStringToBinaryA(pem, 0, CRYPT_STRING_BASE64HEADER, der, &length, NULL, NULL));
    const CERT_CONTEXT *authority = CertCreateCertificateContext(X509_ASN_ENCODING, der, length);
    CHECK(authority != NULL);
    if (is_added) {
        CHECK(CertAddCertificateContextToStore(store, authority, CERT_STORE_ADD_REPLACE_EXISTING, NULL));
    } else {
        CHECK(CertDeleteCertificateFromStore(
            CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, authority, NULL)));
    }
    CertFreeCertificateContext(authority);
    CHECK(CertCloseStore(store, 0));
}

/* For tests under wine: Windows would ask the user. */
static void the_system_store_is_trusted(void)
{
    change_store(1);
    CHECK(SetEnvironmentVariableW(L"SSL_CERT_FILE", L"")); /* counts as not set */
    check_trusts(secure_config(), ANCHOR_OK);
    CHECK(SetEnvironmentVariableW(L"SSL_CERT_FILE", NULL));
    anchor_config *config = secure_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_SYSTEM));
    check_trusts(config, ANCHOR_OK);
    change_store(0);
}

static void a_proxy_is_used(void)
{
    anchor_config *config = secure_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, needed("ANCHOR_TEST_CA_FILE")));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_proxy(config, needed("ANCHOR_TEST_PROXY")));
    check_trusts(config, ANCHOR_OK);
}

/* Half of a surrogate pair. */
static void a_variable_that_is_not_unicode_is_refused(void)
{
    WCHAR key[MAX_PATH];
    anchor_client *client = NULL;

    CHECK(GetEnvironmentVariableW(L"ANCHORBROWSER_API_KEY", key, MAX_PATH) > 0);
    CHECK(SetEnvironmentVariableW(L"ANCHORBROWSER_API_KEY", L"a\xd800" L"b"));
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(config, &client));
    CHECK_CONTAINS("ANCHORBROWSER_API_KEY", anchor_config_error(config));
    anchor_config_free(config);
    CHECK(SetEnvironmentVariableW(L"ANCHORBROWSER_API_KEY", key));
    anchor_client_free(check_client());
}

static const struct test_case cases[] = {
    CASE(a_path_is_utf8),
    CASE(ssl_cert_file_is_utf16),
    CASE(the_authority_of_nobody_is_refused),
    CASE(the_system_store_is_trusted),
    CASE(a_proxy_is_used),
    CASE(a_variable_that_is_not_unicode_is_refused),
};

int main(int argc, char **argv)
{
    SetEnvironmentVariableW(L"SSL_CERT_FILE", NULL);
    SetEnvironmentVariableW(L"SSL_CERT_DIR", NULL);
    return check_run(cases, sizeof cases / sizeof *cases, argc, argv);
}
