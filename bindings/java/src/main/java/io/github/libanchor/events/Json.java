package io.github.libanchor.events;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Reads JSON (RFC 8259). The JDK has no reader, and a library for it would be the only dependency of the package. */
final class Json {
    /** Deeper texts are refused: each level takes a part of the stack. */
    static final int MOST_LEVELS = 500;

    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([Ee][+-]?[0-9]+)?");
    /** Not -0, which only a Double can be. One of more digits would take BigInteger long. */
    private static final Pattern WHOLE = Pattern.compile("0|-?[1-9][0-9]{0,999}");

    /** Of a long, without the sign. */
    private static final int MOST_BITS = 63;

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** No part of the text is in the message of an exception: it may be data of an event. */
    static Map<String, Object> object(String text) {
        Json reader = new Json(text);
        if (!(reader.value(0) instanceof Map<?, ?> map) || reader.at != text.length()) {
            throw reader.malformed();
        }
        return members(map);
    }

    /** A map of this reader, whose keys are strings. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> members(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    private Object value(int level) {
        if (level > MOST_LEVELS) {
            throw malformed();
        }
        skipSpace();
        Object value = switch (peek()) {
                    case '{' -> members(level);
                    case '[' -> items(level);
                    case '"' -> string();
                    case 't' -> word("true", true);
                    case 'f' -> word("false", false);
                    case 'n' -> word("null", null);
                    default -> number();
                };
        skipSpace();
        return value;
    }

    private Map<String, Object> members(int level) {
        Map<String, Object> members = new LinkedHashMap<>();
        at++;
        skipSpace();
        if (took('}')) {
            return members;
        }
        do {
            skipSpace();
            String name = string();
            skipSpace();
            take(':');
            members.put(name, value(level + 1));
        } while (took(','));
        take('}');
        return members;
    }

    private List<Object> items(int level) {
        List<Object> items = new ArrayList<>();
        at++;
        skipSpace();
        if (took(']')) {
            return items;
        }
        do {
            items.add(value(level + 1));
        } while (took(','));
        take(']');
        return items;
    }

    private String string() {
        take('"');
        StringBuilder string = new StringBuilder();
        while (!took('"')) {
            char c = peek();
            if (c < ' ') {
                throw malformed();
            }
            at++;
            string.append(c == '\\' ? escaped() : c);
        }
        return string.toString();
    }

    private char escaped() {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> (char) (digit() << 12 | digit() << 8 | digit() << 4 | digit());
            default -> throw malformed();
        };
    }

    private int digit() {
        int digit = Character.digit(peek(), 16);
        if (digit < 0) {
            throw malformed();
        }
        at++;
        return digit;
    }

    private Object number() {
        int began = at;
        while (at < text.length() && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String number = text.substring(began, at);
        if (!NUMBER.matcher(number).matches()) {
            throw malformed();
        }
        if (!WHOLE.matcher(number).matches()) {
            return Double.valueOf(number);
        }
        BigInteger whole = new BigInteger(number);
        if (whole.bitLength() <= MOST_BITS) {
            return whole.longValue();
        }
        return whole;
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed();
        }
        at += word.length();
        return value;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private boolean took(char c) {
        boolean found = peekIs(c);
        at += found ? 1 :
                0;
                return found;
        }

        private boolean peekIs(char c) {
            return at < text.length() && text.charAt(at) == c;
        }

        private void take(char c) {
            if (!took(c)) {
                throw malformed();
            }
        }

        private IllegalArgumentException malformed() {
            return new IllegalArgumentException("the text is not JSON at character " + at);
        }
    }
