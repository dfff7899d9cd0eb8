package io.github.libanchor.events;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Waits for named events, and signals them. Any number of threads may use one client.
 *
 * <p>A method that blocks is ended by {@link Thread#interrupt}, with InterruptedException. An event that had arrived by then is
 * returned, and the thread stays interrupted. The others return a future, which ends its call however it is completed: by {@code
 * cancel}, by {@code orTimeout} or else. An event that arrives at that moment is not lost: it goes to another wait of the client
 * for its name.
 *
 * <p>Each method throws NullPointerException for null. IllegalArgumentException reports another argument that is wrong, also by a
 * future. After {@link #close} each throws IllegalStateException.
 */
public final class Client implements AutoCloseable {
    /** As a timeout: no limit. */
    public static final Duration NO_TIMEOUT = ChronoUnit.FOREVER.getDuration();

    /** As a number of retries: no limit. */
    public static final int RETRY_ALWAYS = Integer.MAX_VALUE;

    private static final long DEFAULT_TIMEOUT = 60_000;
    private static final long REQUEST_TIMEOUT = -2;
    private static final Cleaner CLEANER = Cleaner.create();

    private final ClientHandle handle;
    private final Executor executor;

    /**
     * Makes a client from the environment: ANCHORBROWSER_API_KEY, ANCHORBROWSER_BASE_URL, and the variables of proxies.
     *
     * @throws IllegalArgumentException if a variable is missing or not valid; the message names it
     */
    public Client() {
        this(builder());
    }

    Client(ClientBuilder builder) {
        handle = new ClientHandle(Setting.newClient(builder.settings));
        executor = builder.executor;
        CLEANER.register(this, handle::abandon);
    }

    /**
     * Settings for a client.
     *
     * @return a builder
     */
    public static ClientBuilder builder() {
        return new ClientBuilder();
    }

    /**
     * Blocks until an event is signaled, for at most 60 seconds. A signal that came before is taken at once.
     *
     * @param name the name of the event
     * @return the event
     * @throws InterruptedException if the thread is interrupted
     * @throws TimeoutException an {@link AnchorTimeoutException}, if the time is over
     * @throws AnchorException if the call fails otherwise
     */
    public Event waitFor(String name) throws InterruptedException, TimeoutException {
        return waitFor(name, Options.NONE);
    }

    /**
     * Blocks until an event is signaled.
     *
     * @param name the name of the event
     * @param timeout how long; zero asks once, and {@link #NO_TIMEOUT} sets no limit
     * @return the event
     * @throws InterruptedException if the thread is interrupted
     * @throws TimeoutException an {@link AnchorTimeoutException}, if the time is over
     * @throws AnchorException if the call fails otherwise
     */
    public Event waitFor(String name, Duration timeout) throws InterruptedException, TimeoutException {
        return waitFor(name, Options.builder().timeout(timeout).build());
    }

    /**
     * Blocks until an event is signaled.
     *
     * @param name the name of the event
     * @param options options of this call
     * @return the event
     * @throws InterruptedException if the thread is interrupted
     * @throws TimeoutException an {@link AnchorTimeoutException}, if the time is over
     * @throws AnchorException if the call fails otherwise
     */
    public Event waitFor(String name, Options options) throws InterruptedException, TimeoutException {
        return join(() -> startWait(name, options));
    }

    /**
     * Waits for an event, as {@link #waitFor(String)}. It takes no thread.
     *
     * @param name the name of the event
     * @return the event, or the exception of {@link #waitFor(String)}
     */
    public CompletableFuture<Event> waitForAsync(String name) {
        return waitForAsync(name, Options.NONE);
    }

    /**
     * Waits for an event, as {@link #waitFor(String, Duration)}. It takes no thread.
     *
     * @param name the name of the event
     * @param timeout how long; zero asks once, and {@link #NO_TIMEOUT} sets no limit
     * @return the event, or the exception of {@link #waitFor(String, Duration)}
     */
    public CompletableFuture<Event> waitForAsync(String name, Duration timeout) {
        return future(() -> startWait(name, Options.builder().timeout(timeout).build()));
    }

    /**
     * Waits for an event, as {@link #waitFor(String, Options)}. It takes no thread.
     *
     * @param name the name of the event
     * @param options options of this call
     * @return the event, or the exception of {@link #waitFor(String, Options)}
     */
    public CompletableFuture<Event> waitForAsync(String name, Options options) {
        return future(() -> startWait(name, options));
    }

    /**
     * Events one after another, without end, for a loop that is left by {@code break}. An interruption throws
     * CancellationException, and the thread stays interrupted.
     *
     * @param name the name of the events
     * @return the events, each taken when the loop asks for it
     */
    public Iterable<Event> events(String name) {
        Arguments.text("event name", name);
        return new Events(this, name);
    }

    /**
     * Signals an event, without data.
     *
     * @param name the name of the event
     * @throws InterruptedException if the thread is interrupted; the signal may have been delivered
     * @throws TimeoutException an {@link AnchorTimeoutException}, if the request timeout is over
     * @throws AnchorException if the call fails otherwise
     */
    public void signal(String name) throws InterruptedException, TimeoutException {
        signal(name, Map.of());
    }

    /**
     * Signals an event: the service hands the data to a call that waits for the event, now or later.
     *
     * @param name the name of the event
     * @param data its values are Map, Iterable, CharSequence, Boolean, null, or numbers of the JDK
     * @throws InterruptedException if the thread is interrupted; the signal may have been delivered
     * @throws TimeoutException an {@link AnchorTimeoutException}, if the request timeout is over
     * @throws AnchorException if the call fails otherwise
     */
    public void signal(String name, Map<String, ?> data) throws InterruptedException, TimeoutException {
        signal(name, data, Options.NONE);
    }

    /**
     * Signals an event.
     *
     * @param name the name of the event
     * @param data as in {@link #signal(String, Map)}
     * @param options options of this call
     * @throws InterruptedException if the thread is interrupted; the signal may have been delivered
     * @throws TimeoutException an {@link AnchorTimeoutException}, if the time is over
     * @throws AnchorException if the call fails otherwise
     */
    public void signal(String name, Map<String, ?> data, Options options) throws InterruptedException, TimeoutException {
        join(() -> startSignal(name, data, options));
    }

    /**
     * Signals an event, as {@link #signal(String, Map)}. It takes one of 16 threads while it runs.
     *
     * @param name the name of the event
     * @param data as in {@link #signal(String, Map)}
     * @return null, or the exception of {@link #signal(String, Map)}
     */
    public CompletableFuture<Void> signalAsync(String name, Map<String, ?> data) {
        return signalAsync(name, data, Options.NONE);
    }

    /**
     * Signals an event, as {@link #signal(String, Map, Options)}. It takes one of 16 threads while it runs.
     *
     * @param name the name of the event
     * @param data as in {@link #signal(String, Map)}
     * @param options options of this call
     * @return null, or the exception of {@link #signal(String, Map, Options)}
     */
    public CompletableFuture<Void> signalAsync(String name, Map<String, ?> data, Options options) {
        return future(() -> startSignal(name, data, options));
    }

    /**
     * Drops the signals of an event that nobody has waited for.
     *
     * @param name the name of the event
     * @return how many there were
     * @throws InterruptedException if the thread is interrupted
     * @throws TimeoutException an {@link AnchorTimeoutException}, if signals may be left after the request timeout
     * @throws AnchorException if the call fails otherwise
     */
    public long drain(String name) throws InterruptedException, TimeoutException {
        return drain(name, Options.NONE);
    }

    /**
     * Drops the signals of an event that nobody has waited for.
     *
     * @param name the name of the event
     * @param options options of this call
     * @return how many there were
     * @throws InterruptedException if the thread is interrupted
     * @throws TimeoutException an {@link AnchorTimeoutException}, if signals may be left after the time
     * @throws AnchorException if the call fails otherwise
     */
    public long drain(String name, Options options) throws InterruptedException, TimeoutException {
        return join(() -> startDrain(name, options));
    }

    /**
     * Drops the signals of an event, as {@link #drain(String, Options)}. It takes one of 16 threads while it runs.
     *
     * @param name the name of the event
     * @param options options of this call
     * @return how many there were, or the exception of {@link #drain(String, Options)}
     */
    public CompletableFuture<Long> drainAsync(String name, Options options) {
        return future(() -> startDrain(name, options));
    }

    /**
     * Replaces the API key for what is sent from now on.
     *
     * @param apiKey printable ASCII
     */
    public void setApiKey(String apiKey) {
        byte[] key = Arguments.text("apiKey", apiKey);
        handle.setApiKey(key);
    }

    /**
     * Counts of what the client has done and does, by the names that anchor_client_stats gives them.
     *
     * @return such as waits, signals, answers, and connections with a map of its own
     */
    public Map<String, Object> stats() {
        return Json.object(new String(handle.stats(), StandardCharsets.UTF_8));
    }

    /** Ends all calls of the client, with {@link AnchorCancelledException}. */
    @Override
    public void close() {
        handle.close();
    }

    private Call<Event> startWait(String name, Options options) {
        return handle.startWait(name, options.timeout(DEFAULT_TIMEOUT), options);
    }

    private Call<Void> startSignal(String name, Map<String, ?> data, Options options) {
        byte[] event = Arguments.text("event name", name);
        byte[] json = Arguments.data(data);
        return startCall(options, (client, made, token) -> {
            Native.signal(client, event, json, options.timeout(REQUEST_TIMEOUT), made, token);
            return null;
        });
    }

    private Call<Long> startDrain(String name, Options options) {
        byte[] event = Arguments.text("event name", name);
        return startCall(
                options, (client, made, token) -> Native.drain(client, event, options.timeout(REQUEST_TIMEOUT), made, token));
    }

    private <T> Call<T> startCall(Options options, BodyWithOptions<T> body) {
        Objects.requireNonNull(options, "options");
        return handle.startCall((client, token) -> {
            long made = Setting.newOptions(options.settings);
            try {
                return body.run(client, made, token);
            } finally {
                Native.freeOptions(made);
            }
        });
    }

    private interface BodyWithOptions<T> {
        T run(long client, long options, long token) throws Exception;
    }

    private <T> T join(Supplier<Call<T>> start) throws InterruptedException, TimeoutException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        try {
            return start.get().join();
        } finally {
            // Otherwise the client could be freed as it begins its last call.
            Reference.reachabilityFence(this);
        }
    }

    private <T> CompletableFuture<T> future(Supplier<Call<T>> start) {
        try {
            return start.get().future(executor);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
