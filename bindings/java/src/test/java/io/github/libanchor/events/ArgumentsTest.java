package io.github.libanchor.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ArgumentsTest {
    private final Client client = new Client();

    @Test
    @DisplayName("C26: null is a NullPointerException that names the argument, and the compiler refuses another type")
    void missing() {
        Map<String, List<Executable>> calls = Map.of("event name",
                List.of(()
                                -> client.waitFor(null),
                        ()
                                -> client.waitForAsync(null),
                        () -> client.signal(null), () -> client.drain(null), () -> client.events(null)),
                "timeout", List.of(() -> client.waitFor("x", (Duration) null)), "data", List.of(() -> client.signal("x", null)),
                "apiKey", List.of(() -> client.setApiKey(null), () -> Client.builder().apiKey(null)), "trust",
                List.of(() -> Client.builder().trust(null)), "caFile", List.of(() -> Client.builder().caFile(null)));
        calls.forEach((argument, each) -> each.forEach(call -> {
            assertEquals(argument, assertThrows(NullPointerException.class, call).getMessage());
        }));
        assertTrue(Compiler.compiles("client.waitFor(\"x\")"));
        for (String wrong : List.of("client.waitFor(1)", "client.waitFor(\"x\", 5)", "client.drain(List.of())",
                     "Client.builder().allowHttp(1)", "Client.builder().retries(\"3\")")) {
            assertFalse(Compiler.compiles(wrong), wrong);
        }
    }

    @Test
    @DisplayName("C27: a name that is none is refused")
    void names() throws Exception {
        for (String name : List.of("", ".", "..", "x".repeat(4097))) {
            for (Executable call :
                    List.<Executable>of(() -> client.waitFor(name), () -> client.signal(name), () -> client.drain(name))) {
                assertNames("event_name", assertThrows(IllegalArgumentException.class, call));
            }
            for (CompletableFuture<?> future : List.of(client.waitForAsync(name), client.signalAsync(name, Map.of()))) {
                assertNames("event_name", assertThrows(ExecutionException.class, future::get).getCause());
            }
        }
    }

    @Test
    @DisplayName("C27: a setting out of range is refused by its name")
    void settings() {
        Map<String, Consumer<ClientBuilder>> wrong = Map.of("api_key",
                it
                -> it.apiKey(""),
                "base_url",
                it
                -> it.baseUrl("ftp://x"),
                "proxy",
                it
                -> it.proxy("socks4://x"),
                "slice",
                it
                -> it.slice(Duration.ZERO),
                "max_response_bytes", it -> it.maxResponseBytes(0), "retries", it -> it.retries(-1));
        wrong.forEach((name, setting) -> assertNames(name, assertThrows(IllegalArgumentException.class, () -> {
            ClientBuilder builder = Client.builder();
            setting.accept(builder);
            builder.build();
        })));
    }

    @Test
    @DisplayName("C28: U+0000 is refused, not cut off")
    void nul() throws Exception {
        assertNames("event name contains U+0000", assertThrows(IllegalArgumentException.class, () -> client.waitFor("cut\0off")));
        assertNames("event name contains a lone surrogate",
                assertThrows(IllegalArgumentException.class, () -> client.signal("\ud800")));
        assertNames("proxy contains U+0000",
                assertThrows(IllegalArgumentException.class, () -> Client.builder().proxy("http://127.0.0.1\0.example")));
        CompletableFuture<Event> future = client.waitForAsync("cut\0off");
        assertInstanceOf(IllegalArgumentException.class, assertThrows(ExecutionException.class, future::get).getCause());
    }

    @Test
    @DisplayName("C29: a time that is none is refused, and a little time is not none")
    void times() {
        for (Duration time : List.of(Duration.ofMillis(-1), Duration.ofNanos(-1), Duration.ofSeconds(Long.MAX_VALUE - 1))) {
            assertNames("timeout", assertThrows(IllegalArgumentException.class, () -> client.waitFor("x", time)));
            assertNames("grace", assertThrows(IllegalArgumentException.class, () -> Client.builder().grace(time)));
        }
        assertThrows(IllegalArgumentException.class, () -> Client.builder().grace(Client.NO_TIMEOUT));
        assertEquals(1, Arguments.milliseconds("time", Duration.ofNanos(1)));
        assertEquals(1001, Arguments.milliseconds("time", Duration.ofNanos(1_000_000_001)));
        assertEquals(1000, Arguments.milliseconds("time", Duration.ofSeconds(1)));
        assertEquals(-1, Arguments.timeout(Client.NO_TIMEOUT));
    }

    @Test
    @DisplayName("C30: data that JSON cannot express is refused before anything is sent")
    void data() throws Exception {
        List<Object> endless = new ArrayList<>();
        endless.add(endless);
        for (Object value : Arrays.asList(Double.NaN, Double.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, new Date(), new int[1],
                     "\udc00", endless, Map.of(1, 2), new java.util.concurrent.atomic.AtomicLong())) {
            assertNames("data", assertThrows(IllegalArgumentException.class, () -> client.signal("refused", Map.of("x", value))));
        }
        assertEquals(0, count("signals"));
        assertEquals(0, client.drain("refused"));
    }

    private long count(String what) {
        return Server.count(client, what);
    }

    @Test
    @DisplayName("C25: nothing that is printed has the data or the key")
    void secrets() throws Exception {
        String secret = "data-of-this-test";
        client.signal("secret", Map.of("secret", secret));
        Event event = client.waitFor("secret", Duration.ZERO);
        assertEquals(Map.of("secret", secret), event.data());
        ClientBuilder builder = Client.builder().apiKey("a-wrong-key-of-this-test").header("x-secret", secret);
        Client wrong = builder.build();
        StringWriter text = new StringWriter();
        PrintWriter printed = new PrintWriter(text);
        for (Executable call :
                List.<Executable>of(() -> wrong.signal("secret", Map.of("secret", secret)), () -> wrong.waitFor("secret"))) {
            AnchorException failure = assertThrows(AnchorException.Unauthorized.class, call);
            failure.printStackTrace(printed);
            printed.println(failure.details());
        }
        assertThrows(IllegalArgumentException.class, () -> client.signal("x", Map.of(secret, Double.NaN)))
                .printStackTrace(printed);
        assertThrows(IllegalArgumentException.class, () -> Json.object("{\"" + secret + "\"")).printStackTrace(printed);
        printed.println(List.of(event, builder, wrong, Options.builder().header("x-secret", secret), builder.settings));
        assertTrue(text.toString().contains("Unauthorized"));
        assertFalse(text.toString().contains(secret) || text.toString().contains("wrong-key"));
    }

    private static void assertNames(String what, Throwable failure) {
        assertTrue(failure.getMessage().contains(what), failure.getMessage());
    }
}
