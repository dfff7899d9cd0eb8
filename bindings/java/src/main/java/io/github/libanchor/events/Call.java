package io.github.libanchor.events;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;

/** A call that runs beside the threads of the program. */
abstract class Call<T> {
    /** Completed by the library's end of the call, once. Nothing of the program depends on it. */
    final CompletableFuture<T> outcome = new CompletableFuture<>();

    /** Asks the library to end the call. What had arrived by then is still its outcome. */
    abstract void cancel();

    /** What arrived as nobody was there to take it. */
    abstract void keep(T value);

    /**
     * Blocks until the end. An interruption ends the call; what had arrived by then is returned, and the thread stays
     * interrupted.
     */
    final T join() throws InterruptedException, TimeoutException {
        try {
            return value();
        } catch (InterruptedException e) {
            cancel();
            T value = outcome.handle((arrived, failure) -> failure == null ? arrived : null).join();
            if (outcome.isCompletedExceptionally()) {
                throw e;
            }
            Thread.currentThread().interrupt();
            return value;
        }
    }

    private T value() throws InterruptedException, TimeoutException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw hereAgain(e.getCause());
        }
    }

    private static RuntimeException hereAgain(Throwable failure) throws TimeoutException {
        // The trace of the thread that reported the end says nothing to the program: show the one of the call.
        failure.setStackTrace(new Throwable().getStackTrace());
        if (failure instanceof TimeoutException timeout) {
            throw timeout;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        return (RuntimeException) failure;
    }

    /** For a program: however it completes it, the call ends. */
    final CompletableFuture<T> future(Executor executor) {
        CompletableFuture<T> future = new CompletableFuture<>();
        outcome.whenComplete((value, failure) -> run(executor, () -> settle(future, value, failure)));
        future.whenComplete((value, failure) -> {
            if (!outcome.isDone()) {
                cancel();
            }
        });
        return future;
    }

    private void settle(CompletableFuture<T> future, T value, Throwable failure) {
        if (failure != null) {
            future.completeExceptionally(failure);
        } else if (!future.complete(value)) {
            keep(value);
        }
    }

    private static void run(Executor executor, Runnable end) {
        try {
            executor.execute(end);
        } catch (RejectedExecutionException e) {
            // It was shut down. An event must not be lost for that.
            end.run();
        }
    }
}
