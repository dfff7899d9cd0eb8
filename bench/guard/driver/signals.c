/*
 *     signals COUNT MIN_US MAX_US [CROWD]
 *
 * Signals "bench" COUNT times over a plain connection, each after a pause between MIN_US and MAX_US. The answer arrives
 * in the pause and is read after it, so that nothing competes with the wait that the signal wakes. Prints when each was
 * sent. With a CROWD, COUNT different events of "crowd-0" to "crowd-CROWD-1" are signaled in random order instead, and it
 * prints which.
 */
#define _GNU_SOURCE
#include "driver.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static int connected(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)the_service()->port) };
    int on = 1, connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0 || inet_pton(AF_INET, the_service()->host, &address.sin_addr) != 1
        || connect(connection, (struct sockaddr *)&address, sizeof address)
        || setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        fail("the service cannot be reached");
    return connection;
}

/* The answer ends at the first "}}". */
static void receive_answer(int connection)
{
    char text[1024];
    size_t have = 0;
    do {
        ssize_t got = recv(connection, text + have, sizeof text - have, 0);
        if (got <= 0)
            fail("a signal was not answered");
        have += (size_t)got;
    } while (have < sizeof text && (have < 2 || memcmp(text + have - 2, "}}", 2) != 0));
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        fail("a signal was refused");
}

/* All numbers below `size`, in random order. */
static double *shuffled(int size)
{
    double *order = new_samples(size);
    for (int i = 0; i < size; i++) {
        int other = rand() % (i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    return order;
}

static void send_signal(int connection, const char *event)
{
    static const char body[] = "{\"data\":{\"code\":\"123456\"}}";
    char text[512];
    int length = snprintf(text, sizeof text,
                          "POST /v1/events/%s HTTP/1.1\r\nhost: bench\r\nanchor-api-key: %s\r\n"
                          "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                          event, the_service()->api_key, sizeof body - 1, body);
    if (send(connection, text, (size_t)length, MSG_NOSIGNAL) != length)
        fail("a signal was not sent");
}

int main(int argc, char **argv)
{
    int count = argc > 3 ? atoi(argv[1]) : 0, crowd = argc > 4 ? atoi(argv[4]) : 0;
    long shortest = argc > 3 ? atol(argv[2]) : 0, longest = argc > 3 ? atol(argv[3]) : 0;
    double *sent = new_samples(count), *order = crowd ? shuffled(crowd) : NULL;
    int connection = connected();
    if (crowd && count > crowd)
        fail("the crowd is too small");
    for (int i = 0; i < count; i++) {
        struct timespec pause = { 0, (shortest + rand() % (longest - shortest + 1)) * 1000 };
        char event[32] = "bench";
        if (crowd)
            snprintf(event, sizeof event, "crowd-%.0f", order[i]);
        nanosleep(&pause, NULL);
        if (i)
            receive_answer(connection);
        sent[i] = now_us();
        send_signal(connection, event);
    }
    receive_answer(connection);
    print_samples("sent", sent, count);
    if (crowd)
        print_samples("order", order, count);
    return 0;
}
