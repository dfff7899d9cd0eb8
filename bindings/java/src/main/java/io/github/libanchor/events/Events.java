package io.github.libanchor.events;

import java.util.Iterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;

/** Events of one name, one after another. A loop may begin again. */
final class Events implements Iterable<Event>, Iterator<Event> {
    private final Client client;
    private final String name;

    Events(Client client, String name) {
        this.client = client;
        this.name = name;
    }

    @Override
    public Iterator<Event> iterator() {
        return this;
    }

    @Override
    public boolean hasNext() {
        return true;
    }

    @Override
    public Event next() {
        try {
            return client.waitFor(name, Client.NO_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            CancellationException cancelled = new CancellationException("the thread was interrupted");
            cancelled.initCause(e);
            throw cancelled;
        } catch (TimeoutException e) {
            throw new IllegalStateException("a wait without limit has timed out", e);
        }
    }
}
