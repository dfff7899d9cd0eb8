package io.github.libanchor.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The library's client, the calls that run on it, and the events that nobody has taken yet. It is freed after the last call. */
final class ClientHandle {
    private final Set<Call<?>> running = new LinkedHashSet<>();
    private final Map<String, Deque<Event>> kept = new HashMap<>();
    private long handle;
    private boolean isClosed;

    ClientHandle(long handle) {
        this.handle = handle;
    }

    Wait startWait(String name, long timeout, Options options) {
        byte[] event = Arguments.text("event name", name);
        Wait wait = new Wait(this, name);
        long made = Setting.newOptions(options.settings);
        try {
            synchronized (this) {
                open();
                Event arrived = firstKept(name);
                if (arrived != null) {
                    wait.outcome.complete(arrived);
                } else {
                    wait.start(handle, event, timeout, made);
                    running.add(wait);
                }
            }
        } finally {
            Native.freeOptions(made);
        }
        return wait;
    }

    <T> ThreadCall<T> startCall(ThreadCall.Body<T> body) {
        ThreadCall<T> call;
        synchronized (this) {
            open();
            call = new ThreadCall<>(this, body);
            running.add(call);
        }
        call.start();
        return call;
    }

    /** For a call that is counted as running. */
    synchronized long handle() {
        return handle;
    }

    synchronized void setApiKey(byte[] key) {
        open();
        Native.setApiKey(handle, key);
    }

    synchronized byte[] stats() {
        open();
        return Native.stats(handle);
    }

    synchronized void ended(Call<?> call) {
        running.remove(call);
        freeAfterLast();
    }

    /** For a wait that runs, which is then not needed any more, or else for the next. */
    void keep(Event event) {
        Wait wait = keepOrFind(event);
        while (wait != null && !wait.outcome.complete(event)) {
            wait = keepOrFind(event);
        }
        if (wait != null) {
            wait.cancel();
        }
    }

    /** Returns a wait that can take the event. Null if there is none, and the event is kept. */
    private synchronized Wait keepOrFind(Event event) {
        for (Call<?> call : running) {
            if (call instanceof Wait wait && wait.name.equals(event.name()) && !wait.outcome.isDone()) {
                return wait;
            }
        }
        kept.computeIfAbsent(event.name(), name -> new ArrayDeque<>()).add(event);
        return null;
    }

    /** Ends what runs. */
    void close() {
        List<Call<?>> calls;
        synchronized (this) {
            isClosed = true;
            calls = new ArrayList<>(running);
            freeAfterLast();
        }
        calls.forEach(Call::cancel);
    }

    /** Frees the client when what runs has ended. Nobody can start anything any more. */
    synchronized void abandon() {
        isClosed = true;
        freeAfterLast();
    }

    private void freeAfterLast() {
        if (isClosed && running.isEmpty()) {
            Native.freeClient(handle);
            handle = 0;
        }
    }

    private void open() {
        if (isClosed) {
            throw new IllegalStateException("the client is closed");
        }
    }

    private Event firstKept(String name) {
        Deque<Event> events = kept.get(name);
        Event first = events == null ? null : events.poll();
        if (events != null && events.isEmpty()) {
            kept.remove(name);
        }
        return first;
    }
}
