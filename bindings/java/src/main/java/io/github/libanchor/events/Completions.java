package io.github.libanchor.events;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The queue of all waits of the process, and the one thread that takes from it. */
final class Completions {
    private static final long QUEUE = Native.newQueue();
    private static final Map<Long, Wait> RUNNING = new ConcurrentHashMap<>();
    private static final AtomicLong TAGS = new AtomicLong();

    static {
        Thread thread = new Thread(Completions::takeAll, "anchor-events");
        thread.setDaemon(true);
        thread.start();
    }

    private Completions() {}

    /** Returns the library's handle of the wait. */
    static long start(Wait wait, long client, byte[] event, long timeout, long options) {
        long tag = TAGS.incrementAndGet();
        RUNNING.put(tag, wait);
        try {
            return Native.startWait(client, QUEUE, event, timeout, tag, options);
        } catch (RuntimeException | Error e) {
            RUNNING.remove(tag);
            throw e;
        }
    }

    private static void takeAll() {
        while (true) {
            long completion = Native.next(QUEUE);
            Wait wait = RUNNING.remove(Native.completionTag(completion));
            try {
                end(wait, Native.completionStatus(completion), Native.completionJson(completion));
            } catch (RuntimeException | Error e) {
                // The other waits go on.
                wait.outcome.completeExceptionally(e);
            } finally {
                Native.freeCompletion(completion);
            }
        }
    }

    private static void end(Wait wait, int status, byte[] json) {
        String text = new String(json, StandardCharsets.UTF_8);
        if (status != 0) {
            wait.end(null, Failures.of(Status.of(status), text));
        } else if (text.isEmpty()) {
            wait.end(null, Failures.of(Status.OUT_OF_MEMORY, "no memory was left for the answer"));
        } else {
            wait.end(new Event(wait.name, text), null);
        }
    }
}
