package io.github.libanchor.events;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** The local server, as servers.py started it, and what a test waits for. */
final class Server {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private Server() {}

    static String env(String name) {
        String value = System.getenv(name);
        assertTrue(value != null, name);
        return value;
    }

    /** How many waits the server holds for an event. */
    static long waiting(String event) {
        List<?> waits = (List<?>) state().get("waiting");
        return waits.stream().filter(wait -> event.equals(((Map<?, ?>) wait).get("event"))).count();
    }

    /** How many waits it holds in all. */
    static long waiting() {
        return (Long) state().get("waitingCount");
    }

    private static Map<String, Object> state() {
        URI address = URI.create(env("ANCHORBROWSER_BASE_URL") + "/admin/state");
        HttpRequest request =
                HttpRequest.newBuilder(address).header("anchor-admin-token", env("ANCHOR_TEST_ADMIN_TOKEN")).build();
        try {
            return Json.object(HTTP.send(request, BodyHandlers.ofString()).body());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void until(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            assertTrue(System.nanoTime() < deadline, "it does not come");
            Thread.sleep(10);
        }
    }

    static void untilWaiting(String event, long count) throws Exception {
        until(() -> waiting(event) == count);
    }

    /** A number of /proc/self/status, such as Threads or VmRSS. */
    static long ofProcess(String what) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(what + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new AssertionError(what);
    }

    /** A number of the statistics. */
    static long count(Client client, String what) {
        return (Long) client.stats().get(what);
    }
}
