package io.github.libanchor.events;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Options of one call, or of many: what they set takes the place of the client's settings for these calls. */
public final class Options {
    static final Options NONE = builder().build();

    final List<Setting> settings;
    private final Duration timeout;

    private Options(List<Setting> settings, Duration timeout) {
        this.settings = settings;
        this.timeout = timeout;
    }

    /** In milliseconds, as the library takes it. */
    long timeout(long otherwise) {
        return timeout == null ? otherwise : Arguments.timeout(timeout);
    }

    /**
     * Options that change nothing yet.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects options. */
    public static final class Builder {
        final List<Setting> settings = new ArrayList<>();
        private Duration timeout;

        private Builder() {}

        /**
         * Makes the options.
         *
         * @return options, which do not change any more
         */
        public Options build() {
            return new Options(List.copyOf(settings), timeout);
        }

        /**
         * Sets how long the call may take.
         *
         * @param timeout 60 seconds by default for a wait, and the request timeout of the settings for another call; {@link
         *     Client#NO_TIMEOUT} sets no limit
         * @return this builder
         */
        public Builder timeout(Duration timeout) {
            Arguments.timeout(timeout);
            this.timeout = timeout;
            return this;
        }

        /**
         * Sets after how many failures in a row a call gives up. Without it the number depends on the failure.
         *
         * @param retries 0 or more; {@link Client#RETRY_ALWAYS} sets no limit
         * @return this builder
         */
        public Builder retries(int retries) {
            settings.add(Setting.retries(retries));
            return this;
        }

        /**
         * Sets whether a wait continues after a connection broke to which its request had been written.
         *
         * @param rearm true by default
         * @return this builder
         */
        public Builder rearm(boolean rearm) {
            settings.add(Setting.number("set_rearm", rearm ? 1 : 0));
            return this;
        }

        /**
         * Sets the longest time for which one request of a wait asks the service to hold it.
         *
         * @param slice 50 seconds by default
         * @return this builder
         */
        public Builder slice(Duration slice) {
            settings.add(Setting.number("set_slice_ms", Arguments.milliseconds("slice", slice)));
            return this;
        }

        /**
         * Adds a header to each request, such as traceparent or a token of a gateway.
         *
         * @param name the name of the header
         * @param value printable ASCII; it is treated as the key is
         * @return this builder
         */
        public Builder header(String name, String value) {
            settings.add(Setting.pair("add_header", "header", name, value));
            return this;
        }

        /**
         * Sets the id that each request of the call carries in the header x-request-id.
         *
         * @param requestId printable ASCII without spaces
         * @return this builder
         */
        public Builder requestId(String requestId) {
            settings.add(Setting.text("set_request_id", "requestId", requestId));
            return this;
        }
    }
}
