package io.github.libanchor.events;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;

/** Writes the data of a signal as JSON. What JSON cannot express is an IllegalArgumentException, which does not show it. */
final class JsonWriter {
    private final StringBuilder text = new StringBuilder();

    private JsonWriter() {}

    static String object(Map<String, ?> data) {
        JsonWriter writer = new JsonWriter();
        writer.value(data, 0);
        return writer.text.toString();
    }

    private void value(Object value, int level) {
        if (level > Json.MOST_LEVELS) {
            throw new IllegalArgumentException("data has too many levels");
        }
        if (value instanceof Map<?, ?> map) {
            members(map, level);
        } else if (value instanceof Iterable<?> items) {
            items(items, level);
        } else if (value instanceof CharSequence string) {
            string(string);
        } else if (value instanceof Number number) {
            number(number);
        } else if (value == null || value instanceof Boolean) {
            text.append(value);
        } else {
            throw new IllegalArgumentException("data contains a " + value.getClass().getName());
        }
    }

    private void members(Map<?, ?> map, int level) {
        text.append('{');
        String separator = "";
        for (Map.Entry<?, ?> member : map.entrySet()) {
            if (!(member.getKey() instanceof String name)) {
                throw new IllegalArgumentException("data contains a map with a key that is not a String");
            }
            text.append(separator);
            string(name);
            text.append(':');
            value(member.getValue(), level + 1);
            separator = ",";
        }
        text.append('}');
    }

    private void items(Iterable<?> items, int level) {
        text.append('[');
        String separator = "";
        for (Object item : items) {
            text.append(separator);
            value(item, level + 1);
            separator = ",";
        }
        text.append(']');
    }

    private void number(Number number) {
        boolean isFloating = number instanceof Double || number instanceof Float;
        if (isFloating && !Double.isFinite(number.doubleValue())) {
            throw new IllegalArgumentException("data contains " + number);
        }
        boolean isWhole =
                number instanceof Long || number instanceof Integer || number instanceof Short || number instanceof Byte;
        if (!isFloating && !isWhole && !(number instanceof BigDecimal) && !(number instanceof BigInteger)) {
            throw new IllegalArgumentException("data contains a " + number.getClass().getName());
        }
        text.append(number);
    }

    private void string(CharSequence string) {
        Arguments.wellFormed("data", string);
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
