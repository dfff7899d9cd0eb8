package io.github.libanchor.events;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/** Java's values as the library takes them. An exception names the argument. */
final class Arguments {
    private static final long NO_LIMIT = -1;
    private static final long NANOS = 1_000_000;

    private Arguments() {}

    /** UTF-8. C would cut it off at U+0000. */
    static byte[] text(String what, String value) {
        Objects.requireNonNull(value, what);
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + " contains U+0000");
        }
        wellFormed(what, value);
        return value.getBytes(StandardCharsets.UTF_8);
    }

    static void wellFormed(String what, CharSequence value) {
        if (value.codePoints().anyMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)) {
            throw new IllegalArgumentException(what + " contains a lone surrogate");
        }
    }

    /** Milliseconds, rounded up: a little time is not none. */
    static long milliseconds(String what, Duration time) {
        Objects.requireNonNull(time, what);
        if (time.isNegative()) {
            throw new IllegalArgumentException(what + " is negative");
        }
        try {
            return Math.addExact(time.toMillis(), time.getNano() % NANOS == 0 ? 0 : 1);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(what + " is too long", e);
        }
    }

    static long timeout(Duration time) {
        return Client.NO_TIMEOUT.equals(time) ? NO_LIMIT : milliseconds("timeout", time);
    }

    static byte[] data(java.util.Map<String, ?> data) {
        return JsonWriter.object(Objects.requireNonNull(data, "data")).getBytes(StandardCharsets.UTF_8);
    }
}
