package io.github.libanchor.events;

import java.util.Map;

/** An event that was signaled. Printing it does not show the data, so that no log has it. */
public final class Event {
    private final String name;
    private final String raw;

    Event(String name, String raw) {
        this.name = name;
        this.raw = raw;
    }

    /**
     * The name that was waited for.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The service's answer, as it was, for a JSON library.
     *
     * @return one JSON object, such as {@code {"data":{...}}}
     */
    public String raw() {
        return raw;
    }

    /**
     * What was signaled. Its values are Map, List, String, Boolean, null, and for numbers Long, BigInteger or Double. Each
     * call makes a map of its own.
     *
     * @return the data; empty if there was none
     */
    public Map<String, Object> data() {
        return Json.object(raw).get("data") instanceof Map<?, ?> data ? Json.members(data) : Map.of();
    }

    @Override
    public String toString() {
        return "Event[" + name + "]";
    }
}
