package io.github.libanchor.events;

import static io.github.libanchor.events.Server.PATIENCE;
import static io.github.libanchor.events.Server.until;
import static io.github.libanchor.events.Server.untilWaiting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ClientTest {
    private final Client client = new Client();

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("C01: a blocked wait gets the event")
    void blocked() throws Exception {
        CompletableFuture<Event> future = CompletableFuture.supplyAsync(() -> {
            try {
                return client.waitFor("blocked");
            } catch (InterruptedException | TimeoutException e) {
                throw new AssertionError(e);
            }
        });
        untilWaiting("blocked", 1);
        client.signal("blocked", Map.of("code", "123456"));
        assertEquals("blocked", get(future).name());
        assertEquals(Map.of("code", "123456"), future.join().data());

        CompletableFuture<Event> async = client.waitForAsync("blocked");
        untilWaiting("blocked", 1);
        get(client.signalAsync("blocked", Map.of("code", "654321")));
        assertEquals(Map.of("code", "654321"), get(async).data());
    }

    @Test
    @DisplayName("C02 C05 C10: a signal before the wait is kept, and has an empty object")
    void kept() throws Exception {
        client.signal("kept");
        assertEquals(Map.of(), client.waitFor("kept", Duration.ZERO).data());
        client.signal("kept");
        assertEquals("{\"data\":{}}", client.waitForAsync("kept", Duration.ZERO).get().raw());
    }

    @Test
    @DisplayName("C03: each signal ends one wait")
    void several() throws Exception {
        List<CompletableFuture<Event>> waits = IntStream.range(0, 4).mapToObj(i -> client.waitForAsync("several")).toList();
        untilWaiting("several", 4);
        Set<Object> numbers = new HashSet<>();
        for (long number = 0; number < 4; number++) {
            client.signal("several", Map.of("number", number));
        }
        for (CompletableFuture<Event> wait : waits) {
            numbers.add(get(wait).data().get("number"));
        }
        assertEquals(Set.of(0L, 1L, 2L, 3L), numbers);
    }

    @Test
    @DisplayName("C04 C05 C21: a wait ends at its timeout")
    void timeout() throws Exception {
        for (int millis : new int[] {0, 200}) {
            Duration timeout = Duration.ofMillis(millis);
            long began = System.nanoTime();
            TimeoutException failure = assertThrows(TimeoutException.class, () -> client.waitFor("quiet", timeout));
            assertTrue(System.nanoTime() - began >= timeout.toNanos());
            CompletableFuture<Event> future = client.waitForAsync("quiet", timeout);
            Throwable cause = assertThrows(ExecutionException.class, () -> get(future)).getCause();
            for (Throwable each : List.of(failure, cause)) {
                AnchorTimeoutException it = (AnchorTimeoutException) each;
                assertEquals(Status.TIMEOUT, it.status());
                assertEquals(OptionalInt.of(408), it.httpStatus());
                assertEquals(Optional.of("receive"), it.phase());
                assertFalse(it.maybeConsumed());
            }
        }
        CompletableFuture<Event> future = client.waitForAsync("quiet", Client.NO_TIMEOUT).orTimeout(50, TimeUnit.MILLISECONDS);
        assertThrows(ExecutionException.class, () -> get(future));
        untilWaiting("quiet", 0);
    }

    @Test
    @DisplayName("C06 C29: a wait can be without limit")
    void noLimit() throws Exception {
        CompletableFuture<Event> future = client.waitForAsync("endless", Client.NO_TIMEOUT);
        untilWaiting("endless", 1);
        client.signal("endless");
        assertEquals(Map.of(), get(future).data());
    }

    @Test
    @DisplayName("C07 C08: data arrives as it was sent")
    void kinds() throws Exception {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("null", null);
        data.put("booleans", List.of(true, false));
        data.put("numbers",
                List.of(0L, -1L, 1L << 53, Long.MIN_VALUE, 0.1, 1e300, new BigInteger("123456789012345678901234567890")));
        data.put("text", "\0 \u2713 \ud83d\udd11 \\ \" \n");
        data.put("nested", Map.of("", List.of(List.of(), Map.of(), List.of(Map.of("a", Arrays.asList((Object) null))))));
        client.signal("kinds", data);
        assertEquals(data, client.waitFor("kinds", Duration.ZERO).data());
        client.signal("kinds", Map.of("text", "\u2713"));
        assertEquals("{\"data\":{\"text\":\"\u2713\"}}", client.waitFor("kinds", Duration.ZERO).raw());
    }

    @Test
    @DisplayName("C09: any text is a name")
    void names() throws Exception {
        for (String name : List.of("a b/c", "100%", "%2F", "\u00e9v\u00e9nement \u2713 \ud83d\udd11", "...", "a?b#c")) {
            client.signal(name, Map.of("name", name));
            assertEquals(Map.of("name", name), client.waitFor(name, Duration.ZERO).data());
        }
    }

    @Test
    @DisplayName("C11: events in a loop")
    void loop() throws Exception {
        for (long number = 0; number < 3; number++) {
            client.signal("loop", Map.of("number", number));
        }
        long next = 0;
        for (Event event : client.events("loop")) {
            assertEquals(next, event.data().get("number"));
            next++;
            if (next == 2) {
                break;
            }
        }
        assertEquals(2L, client.waitFor("loop", Duration.ZERO).data().get("number"));
    }

    @Test
    @DisplayName("C12: a drain counts what it drops")
    void drain() throws Exception {
        for (int i = 0; i < 3; i++) {
            client.signal("drained");
        }
        assertEquals(3, client.drain("drained"));
        assertEquals(0, get(client.drainAsync("drained", Options.builder().timeout(Duration.ZERO).build())));
    }

    @Test
    @DisplayName("C39 C40: many waits take no thread, and leave the pools alone")
    void many() throws Exception {
        int count = 500;
        List<CompletableFuture<Event>> waits =
                IntStream.range(0, count).mapToObj(job -> client.waitForAsync("job_" + job, Duration.ofMinutes(2))).toList();
        until(() -> Server.waiting() == count);
        assertTrue(Server.ofProcess("Threads") < 60, () -> "too many threads");
        assertEquals("the pool is free", get(CompletableFuture.supplyAsync(() -> "the pool is free")));
        List<CompletableFuture<Void>> signals =
                LongStream.range(0, count).mapToObj(job -> client.signalAsync("job_" + job, Map.of("job", job))).toList();
        for (int job = 0; job < count; job++) {
            get(signals.get(job));
            assertEquals((long) job, get(waits.get(job)).data().get("job"));
        }
    }

    @Test
    @DisplayName("C41: threads share a client")
    void threads() throws Exception {
        List<CompletableFuture<Void>> threads =
                IntStream.range(0, 8)
                        .mapToObj(number -> CompletableFuture.runAsync(() -> exchange(number), task -> new Thread(task).start()))
                        .toList();
        for (CompletableFuture<Void> thread : threads) {
            get(thread);
        }
    }

    private void exchange(int thread) {
        try {
            for (long number = 0; number < 50; number++) {
                client.signal("shared_" + thread, Map.of("number", number));
                assertEquals(number, client.waitFor("shared_" + thread, PATIENCE).data().get("number"));
            }
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
