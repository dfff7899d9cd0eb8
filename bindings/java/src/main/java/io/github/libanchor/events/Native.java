package io.github.libanchor.events;

import java.nio.charset.StandardCharsets;

/**
 * The functions of the library, as src/main/c has them. A handle is a long. A status that is no success is an exception.
 */
final class Native {
    static {
        Library.load();
    }

    private Native() {}

    static native byte[] version();

    static native long newConfig();

    static native void freeConfig(long config);

    static native void setConfig(long config, String setter, byte[] first, byte[] second, long number);

    static native long newOptions();

    static native void freeOptions(long options);

    static native void setOptions(long options, String setter, byte[] first, byte[] second, long number);

    static native long newClient(long config);

    static native void freeClient(long client);

    static native void setApiKey(long client, byte[] key);

    static native byte[] stats(long client);

    static native long newQueue();

    static native long next(long queue);

    static native long completionTag(long completion);

    static native int completionStatus(long completion);

    static native byte[] completionJson(long completion);

    static native void freeCompletion(long completion);

    static native long startWait(long client, long queue, byte[] name, long timeout, long tag, long options);

    static native void cancelWait(long wait);

    static native void freeWait(long wait);

    static native long newToken();

    static native void cancelToken(long token);

    static native void freeToken(long token);

    static native void signal(long client, byte[] name, byte[] data, long timeout, long options, long token)
            throws AnchorTimeoutException;

    static native long drain(long client, byte[] name, long timeout, long options, long token) throws AnchorTimeoutException;

    /** Called by the native methods. */
    @SuppressWarnings("unused")
    private static void raise(int status, byte[] text) throws Exception {
        throw Failures.of(Status.of(status), new String(text, StandardCharsets.UTF_8));
    }
}
