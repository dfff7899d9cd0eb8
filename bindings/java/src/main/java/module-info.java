/** Waits for named events, and signals them, through the Anchor event-coordination API. */
module io.github.libanchor.events {
    exports io.github.libanchor.events;
}
