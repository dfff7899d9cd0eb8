package io.github.libanchor.events;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** One call of a setter of the library. It has no toString, since it may hold a key. */
final class Setting {
    /** As a number of retries: no limit. */
    private static final long RETRY_ALWAYS = 4294967295L;

    final String setter;
    private final byte[] first;
    private final byte[] second;
    private final long number;

    private Setting(String setter, byte[] first, byte[] second, long number) {
        this.setter = setter;
        this.first = first;
        this.second = second;
        this.number = number;
    }

    static Setting text(String setter, String what, String value) {
        return new Setting(setter, Arguments.text(what, value), null, 0);
    }

    static Setting pair(String setter, String what, String first, String second) {
        return new Setting(setter, Arguments.text(what, first), Arguments.text(what, second), 0);
    }

    static Setting path(String setter, String what, Path file) {
        return text(setter, what, Objects.requireNonNull(file, what).toString());
    }

    static Setting paths(String setter, String what, Path first, Path second) {
        Objects.requireNonNull(first, what);
        return pair(setter, what, first.toString(), Objects.requireNonNull(second, what).toString());
    }

    static Setting number(String setter, long number) {
        return new Setting(setter, null, null, number);
    }

    static Setting retries(int retries) {
        if (retries < 0) {
            throw new IllegalArgumentException("retries is negative");
        }
        return number("set_retries", retries == Client.RETRY_ALWAYS ? RETRY_ALWAYS : retries);
    }

    /** Makes a client from the environment and these settings. */
    static long newClient(List<Setting> settings) {
        long config = Native.newConfig();
        try {
            for (Setting it : settings) {
                Native.setConfig(config, it.setter, it.first, it.second, it.number);
            }
            return Native.newClient(config);
        } finally {
            Native.freeConfig(config);
        }
    }

    /** Makes options, to be freed; 0 for none. */
    static long newOptions(List<Setting> settings) {
        if (settings.isEmpty()) {
            return 0;
        }
        long options = Native.newOptions();
        if (options == 0) {
            throw new OutOfMemoryError("no memory is left for options");
        }
        try {
            for (Setting it : settings) {
                Native.setOptions(options, it.setter, it.first, it.second, it.number);
            }
            return options;
        } catch (RuntimeException | Error e) {
            Native.freeOptions(options);
            throw e;
        }
    }
}
