package io.github.libanchor.events;

import static io.github.libanchor.events.Server.count;
import static io.github.libanchor.events.Server.env;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ServiceTest {
    private static final Options ONCE = Options.builder().retries(0).build();
    private final Client client = new Client();

    @Test
    @DisplayName("C20: each HTTP status is an error")
    void statuses() {
        Map<Integer, Status> statuses = Map.ofEntries(Map.entry(400, Status.BAD_REQUEST), Map.entry(401, Status.UNAUTHORIZED),
                Map.entry(403, Status.FORBIDDEN), Map.entry(404, Status.NOT_FOUND), Map.entry(409, Status.HTTP_ERROR),
                Map.entry(413, Status.BAD_REQUEST), Map.entry(422, Status.BAD_REQUEST), Map.entry(429, Status.RATE_LIMITED),
                Map.entry(500, Status.SERVER_ERROR), Map.entry(502, Status.SERVER_ERROR), Map.entry(503, Status.SERVER_ERROR),
                Map.entry(504, Status.SERVER_ERROR));
        Map<Status, Class<? extends AnchorException>> classes = Map.of(Status.UNAUTHORIZED, AnchorException.Unauthorized.class,
                Status.FORBIDDEN, AnchorException.Forbidden.class, Status.NOT_FOUND, AnchorException.NotFound.class,
                Status.RATE_LIMITED, AnchorException.RateLimited.class, Status.SERVER_ERROR, AnchorException.ServerError.class);
        statuses.forEach((code, status) -> {
            for (Executable call : List.<Executable>of(
                         () -> client.waitFor("status_" + code, ONCE), () -> client.signal("status_" + code, Map.of(), ONCE))) {
                AnchorException failure = assertThrows(AnchorException.class, call);
                assertEquals(status, failure.status());
                assertEquals(OptionalInt.of(code), failure.httpStatus());
                assertEquals(Optional.of("receive"), failure.phase());
                assertEquals(classes.getOrDefault(status, AnchorException.class), failure.getClass());
            }
        });
    }

    @Test
    @DisplayName("C21: an answer that was not read")
    void dropped() {
        AnchorException failure = assertThrows(AnchorException.ConnectionLost.class, () -> client.signal("drop"));
        assertEquals(Status.CONNECTION_LOST, failure.status());
        assertTrue(failure.maybeConsumed());
        assertTrue(Arrays.toString(failure.getStackTrace()).contains("ServiceTest"), "the trace is not that of the caller");
    }

    @Test
    @DisplayName("C23: a wrong key is refused")
    void wrongKey() {
        Client wrong = Client.builder().apiKey("wrong").build();
        assertThrows(AnchorException.Unauthorized.class, () -> wrong.waitFor("x"));
    }

    @Test
    @DisplayName("C24: an outage ends at the timeout")
    void outage() {
        Client nowhere = Client.builder().baseUrl(env("ANCHOR_TEST_NOWHERE")).build();
        long began = System.nanoTime();
        TimeoutException failure = assertThrows(TimeoutException.class, () -> nowhere.waitFor("x", Duration.ofMillis(500)));
        assertTrue(System.nanoTime() - began >= 499_000_000);
        assertEquals(Status.NOT_SENT, assertInstanceOf(AnchorTimeoutException.class, failure).status());
        assertFalse(((Failure) failure).maybeConsumed());
    }

    @Test
    @DisplayName("C31: every setting and option of the header is a method that calls its setter")
    void settings() throws Exception {
        ClientBuilder builder = Client.builder();
        callAll(builder, ClientBuilder.class, Set.of("build", "executor"));
        assertEquals(
                declared("config", Set.of("set_interruptible", "set_log_callback", "set_log_json")), setters(builder.settings));
        Options.Builder options = Options.builder();
        callAll(options, Options.Builder.class, Set.of("build", "timeout"));
        assertEquals(declared("options", Set.of()), setters(options.settings));
    }

    private static Set<String> declared(String handle, Set<String> others) throws Exception {
        Pattern functions = Pattern.compile("anchor_" + handle + "_((set|add)_\\w+)\\(");
        List<MatchResult> found = functions.matcher(Files.readString(Path.of(env("ANCHOR_CDEF")))).results().toList();
        Set<String> names = new HashSet<>(found.stream().map(it -> it.group(1)).toList());
        assertTrue(names.containsAll(others));
        names.removeAll(others);
        return names;
    }

    private static Set<String> setters(List<Setting> settings) {
        return new HashSet<>(settings.stream().map(it -> it.setter).toList());
    }

    /** Each method of a builder, whose name is that of its setter. */
    private static void callAll(Object builder, Class<?> type, Set<String> others) throws Exception {
        Map<Class<?>, Object> samples = Map.of(String.class, "x", Path.class, Path.of("x"), Duration.class, Duration.ofSeconds(1),
                int.class, 1, long.class, 1L, boolean.class, true, Trust.class, Trust.SYSTEM);
        for (Method method : type.getMethods()) {
            if (method.getDeclaringClass() != type || others.contains(method.getName())) {
                continue;
            }
            List<Object> arguments = new ArrayList<>();
            for (Class<?> parameter : method.getParameterTypes()) {
                arguments.add(samples.get(parameter));
            }
            method.invoke(builder, arguments.toArray());
            List<?> settings = builder instanceof ClientBuilder it ? it.settings : ((Options.Builder) builder).settings;
            String setter =
                    ((Setting) settings.get(settings.size() - 1)).setter.replaceFirst("^(set|add)_", "").replaceFirst("_ms$", "");
            assertEquals(setter, method.getName().replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT));
        }
    }

    @Test
    @DisplayName("C32: options count for one call")
    void options() {
        Options options = Options.builder().requestId("trace-1").header("x-one", "1").retries(0).build();
        AnchorException failure = assertThrows(AnchorException.class, () -> client.waitFor("status_503", options));
        assertEquals("trace-1", failure.details().get("requestId"));
        assertEquals(1L, failure.details().get("attempts"));
        Options wrong = Options.builder().header("content-length", "1").build();
        assertThrows(IllegalArgumentException.class, () -> client.waitFor("x", wrong));
        assertThrows(IllegalArgumentException.class, () -> client.signal("x", Map.of(), wrong));
    }

    @Test
    @DisplayName("C33: TLS")
    void tls() throws Exception {
        Path file = Path.of(env("ANCHOR_TEST_TLS_CA"));
        for (ClientBuilder trusted : List.of(Client.builder().caFile(file), Client.builder().caPem(Files.readString(file)))) {
            Client secure = trusted.baseUrl(env("ANCHOR_TEST_TLS_URL")).build();
            secure.signal("tls", Map.of("over", "tls"));
            assertEquals(Map.of("over", "tls"), secure.waitFor("tls", Duration.ZERO).data());
        }
        Client other = Client.builder().baseUrl(env("ANCHOR_TEST_TLS_URL")).trust(Trust.BUNDLED).build();
        assertEquals(Optional.of("tls"), assertThrows(AnchorException.Tls.class, () -> other.waitFor("tls")).phase());
    }

    @Test
    @DisplayName("C34: a proxy")
    void proxy() throws Exception {
        Path log = Path.of(env("ANCHOR_TEST_PROXY_LOG"));
        int before = Files.readAllLines(log).size();
        ClientBuilder settings = Client.builder().baseUrl(env("ANCHOR_TEST_TLS_URL")).caFile(Path.of(env("ANCHOR_TEST_TLS_CA")));
        settings.proxy(env("ANCHOR_TEST_PROXY")).build().signal("proxy");
        assertTrue(Files.readAllLines(log).size() > before);
    }

    @Test
    @DisplayName("C35 C36: keys are accounts, and one that was replaced is not sent any more")
    void keys() throws Exception {
        client.signal("account", Map.of("of", "the first"));
        Client other = Client.builder().apiKey(env("ANCHOR_TEST_KEY_2")).build();
        assertThrows(TimeoutException.class, () -> other.waitFor("account", Duration.ZERO));
        other.setApiKey(env("ANCHORBROWSER_API_KEY"));
        assertEquals(Map.of("of", "the first"), other.waitFor("account", Duration.ZERO).data());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> other.setApiKey("")).getMessage().contains("api_key"));
    }

    @Test
    @DisplayName("C37: the statistics count")
    void stats() throws Exception {
        Client own = new Client();
        own.signal("counted");
        own.waitFor("counted", Duration.ZERO);
        assertEquals(1, count(own, "signals"));
        assertEquals(1, count(own, "waits"));
    }
}
