/* Waits for an event behind a company's network: a SOCKS5 proxy, and a gateway that wants a client certificate.
 *     mtls_socks5 EVENT socks5h://[user:password@]host:port CERTIFICATE.pem KEY.pem
 * The URL and the API key come from ANCHORBROWSER_BASE_URL and ANCHORBROWSER_API_KEY. */
#include <anchor.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: mtls_socks5 EVENT PROXY CERTIFICATE KEY\n");
        return EXIT_FAILURE;
    }
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    char *json = NULL;
    int is_signaled = config != NULL && anchor_config_set_proxy(config, argv[2]) == ANCHOR_OK
        && anchor_config_set_client_certificate(config, argv[3], argv[4]) == ANCHOR_OK
        && anchor_client_new(config, &client) == ANCHOR_OK
        && anchor_wait_for_event(client, argv[1], 60000, NULL, &json) == ANCHOR_OK;
    if (is_signaled)
        puts(json);
    else
        fprintf(stderr, "mtls_socks5: %s\n", anchor_last_error());
    anchor_string_free(json);
    anchor_client_free(client);
    anchor_config_free(config);
    return is_signaled ? EXIT_SUCCESS : EXIT_FAILURE;
}
