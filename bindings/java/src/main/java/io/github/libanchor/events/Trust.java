package io.github.libanchor.events;

/** Which certificate authorities a client trusts, in addition to those of {@code caFile} and {@code caPem}. */
public enum Trust {
    /** The system's; or Mozilla's, which are built in, if the system has none that may be read. */
    AUTO,
    /** Only the system's. */
    SYSTEM,
    /** Only Mozilla's, which are built in. */
    BUNDLED
}
