/** {@link io.github.libanchor.events.Client} waits for events and signals them. */
package io.github.libanchor.events;
