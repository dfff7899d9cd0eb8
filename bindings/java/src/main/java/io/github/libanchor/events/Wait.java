package io.github.libanchor.events;

/** A wait on the queue, which takes no thread. */
final class Wait extends Call<Event> {
    final String name;
    private final ClientHandle client;
    /** The library's; 0 before the start and after the end. */
    private long handle;

    Wait(ClientHandle client, String name) {
        this.client = client;
        this.name = name;
    }

    /** Its end waits for this. */
    synchronized void start(long clientHandle, byte[] event, long timeout, long options) {
        handle = Completions.start(this, clientHandle, event, timeout, options);
    }

    @Override
    synchronized void cancel() {
        if (handle != 0) {
            Native.cancelWait(handle);
        }
    }

    @Override
    void keep(Event event) {
        client.keep(event);
    }

    /** The end that the queue reports. */
    void end(Event event, Exception failure) {
        release();
        client.ended(this);
        if (failure != null) {
            outcome.completeExceptionally(failure);
        } else if (!outcome.complete(event)) {
            keep(event);
        }
    }

    private synchronized void release() {
        Native.freeWait(handle);
        handle = 0;
    }
}
