package io.github.libanchor.events;

import static io.github.libanchor.events.Server.PATIENCE;
import static io.github.libanchor.events.Server.count;
import static io.github.libanchor.events.Server.until;
import static io.github.libanchor.events.Server.untilWaiting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CancelTest {
    private final Client client = new Client();

    /** A thread, and how its call ended. */
    private static final class Blocked extends Thread {
        private final Callable<?> call;
        private final AtomicReference<Object> end = new AtomicReference<>();
        private volatile boolean isInterrupted;

        Blocked(Callable<?> call) {
            this.call = call;
            start();
        }

        @Override
        public void run() {
            try {
                end.set(call.call());
            } catch (Exception e) {
                end.set(e);
            }
            isInterrupted = isInterrupted();
        }

        Object end() throws InterruptedException {
            join(PATIENCE.toMillis());
            assertFalse(isAlive(), "the call goes on");
            return end.get();
        }
    }

    @Test
    @DisplayName("C13: an interruption ends a wait, and the service sees the waiter leave")
    void interruptedWait() throws Exception {
        Blocked wait = new Blocked(() -> client.waitFor("interrupted", Client.NO_TIMEOUT));
        untilWaiting("interrupted", 1);
        wait.interrupt();
        assertInstanceOf(InterruptedException.class, wait.end());
        assertFalse(wait.isInterrupted);
        untilWaiting("interrupted", 0);

        Blocked loop = new Blocked(() -> client.events("interrupted").iterator().next());
        untilWaiting("interrupted", 1);
        loop.interrupt();
        assertInstanceOf(CancellationException.class, loop.end());
        assertTrue(loop.isInterrupted);
        untilWaiting("interrupted", 0);
    }

    @Test
    @DisplayName("C13: cancel ends a wait on the service, and so does ExecutorService.shutdownNow")
    void cancelledWait() throws Exception {
        CompletableFuture<Event> future = client.waitForAsync("cancelled", Client.NO_TIMEOUT);
        untilWaiting("cancelled", 1);
        assertTrue(future.cancel(true));
        assertThrows(CancellationException.class, future::get);
        untilWaiting("cancelled", 0);

        ExecutorService threads = Executors.newSingleThreadExecutor();
        threads.submit(() -> client.waitFor("cancelled", Client.NO_TIMEOUT));
        untilWaiting("cancelled", 1);
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        untilWaiting("cancelled", 0);
    }

    @Test
    @DisplayName("C14: a thread that is interrupted already begins no call")
    void interruptedBefore() {
        long before = count(client, "waits");
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> client.waitFor("never"));
        assertFalse(Thread.currentThread().isInterrupted());
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> client.signal("never"));
        assertEquals(before, count(client, "waits"));
        assertEquals(0, count(client, "signals"));
    }

    @Test
    @DisplayName("C15: an interruption or a cancel ends a signal")
    void signal() throws Exception {
        Client own = new Client();
        Blocked signal = new Blocked(() -> {
            own.signal("hang");
            return null;
        });
        CompletableFuture<Void> future = own.signalAsync("hang", Map.of());
        until(() -> (Long) ((Map<?, ?>) own.stats().get("connections")).get("waiting") == 2);
        signal.interrupt();
        assertInstanceOf(InterruptedException.class, signal.end());
        assertTrue(future.cancel(true));
        until(() -> count(own, "cancels") == 2);
    }

    @Test
    @DisplayName("C16: an event that had arrived when its thread was interrupted is returned")
    void arrivedAtInterruption() throws Exception {
        for (int round = 0; round < 20; round++) {
            Client own = new Client();
            Blocked wait = new Blocked(() -> own.waitFor("arrived"));
            untilWaiting("arrived", 1);
            client.signal("arrived", Map.of("round", (long) round));
            while (count(own, "answers") < 1) {
                Thread.onSpinWait();
            }
            wait.interrupt();
            assertEquals(Map.of("round", (long) round), assertInstanceOf(Event.class, wait.end()).data());
        }
    }

    @Test
    @DisplayName("C16: an event that had arrived when its future was cancelled goes to the next wait, or to one that runs")
    void arrivedAtCancel() throws Exception {
        LinkedBlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
        Client own = Client.builder().executor(held::add).build();
        CompletableFuture<Event> future = own.waitForAsync("held");
        untilWaiting("held", 1);
        client.signal("held", Map.of("number", 1));
        Runnable settle = held.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        future.cancel(true);
        settle.run();
        assertEquals(Map.of("number", 1L), own.waitFor("held", Duration.ZERO).data());

        CompletableFuture<Event> first = own.waitForAsync("held");
        untilWaiting("held", 1);
        client.signal("held", Map.of("number", 2));
        settle = held.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        CompletableFuture<Event> second = own.waitForAsync("held");
        first.cancel(true);
        settle.run();
        held.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS).run();
        assertEquals(Map.of("number", 2L), second.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).data());
        untilWaiting("held", 0);
    }

    @Test
    @DisplayName("C19: closing ends calls, and refuses others")
    void close() throws Exception {
        Client own = new Client();
        Blocked wait = new Blocked(() -> own.waitFor("closed"));
        CompletableFuture<Event> future = own.waitForAsync("closed");
        CompletableFuture<Void> signal = own.signalAsync("hang", Map.of());
        untilWaiting("closed", 2);
        own.close();
        assertEquals(Status.CANCELLED, assertInstanceOf(AnchorCancelledException.class, wait.end()).status());
        assertThrows(CancellationException.class, () -> future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        assertTrue(future.isCancelled());
        assertThrows(CancellationException.class, () -> signal.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        untilWaiting("closed", 0);
        own.close();
        assertThrows(IllegalStateException.class, () -> own.waitFor("x"));
        assertThrows(IllegalStateException.class, () -> own.waitForAsync("x"));
        assertThrows(IllegalStateException.class, () -> own.signal("x"));
        assertThrows(IllegalStateException.class, () -> own.drain("x"));
        assertThrows(IllegalStateException.class, own::stats);
        assertThrows(IllegalStateException.class, () -> own.setApiKey("x"));
    }

    @Test
    @DisplayName("C19: a thread that the executor refuses is not needed")
    void executorIsShutDown() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        Client own = Client.builder().executor(threads).build();
        CompletableFuture<Event> future = own.waitForAsync("refused");
        untilWaiting("refused", 1);
        threads.shutdown();
        CountDownLatch done = new CountDownLatch(1);
        future.whenComplete((event, failure) -> done.countDown());
        client.signal("refused");
        assertTrue(done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        assertEquals(Map.of(), future.get().data());
    }
}
