#include <anchor.h>
#include <stdio.h>

int main(void)
{
    const char *json = "{\"data\":{\"code\":\"123456\",\"tries\":[1,2]}}";
    char *code = anchor_json_get(json, "/data/code");
    char *tries = anchor_json_get(json, "/data/tries");
    char *missing = anchor_json_get(json, "/data/user");

    printf("%s %s %s\n", code ? code : "", tries ? tries : "", missing ? missing : "no user");
    anchor_string_free(code);
    anchor_string_free(tries);
    anchor_string_free(missing);
    return 0;
}
