package io.github.libanchor.events;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A signal or a drain, which blocks a thread of its own while it runs. */
final class ThreadCall<T> extends Call<T> {
    private static final int MOST_THREADS = 16;
    private static final ThreadPoolExecutor THREADS = threads();

    private final ClientHandle client;
    private final Body<T> body;
    /** 0 after the end. */
    private long token = Native.newToken();

    /** What blocks. */
    interface Body<T> {
        T run(long client, long token) throws Exception;
    }

    ThreadCall(ClientHandle client, Body<T> body) {
        this.client = client;
        this.body = body;
    }

    void start() {
        THREADS.execute(this::run);
    }

    @Override
    synchronized void cancel() {
        Native.cancelToken(token);
    }

    @Override
    void keep(T value) {
        // There is nothing to be lost: what was drained is gone, and a signal returns nothing.
    }

    private void run() {
        T value = null;
        Throwable failure = null;
        try {
            value = body.run(client.handle(), token);
        } catch (Throwable e) {
            failure = e;
        }
        release();
        client.ended(this);
        if (failure == null) {
            outcome.complete(value);
        } else {
            outcome.completeExceptionally(failure);
        }
    }

    private synchronized void release() {
        Native.freeToken(token);
        token = 0;
    }

    private static ThreadPoolExecutor threads() {
        ThreadPoolExecutor threads =
                new ThreadPoolExecutor(MOST_THREADS, MOST_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), body -> {
                    Thread thread = new Thread(body, "anchor-events call");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }
}
