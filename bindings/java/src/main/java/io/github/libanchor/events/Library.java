package io.github.libanchor.events;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** Loads the library that is inside the jar. */
final class Library {
    /** A file to load in place of the one in the jar. */
    static final String PROPERTY = "io.github.libanchor.events.library";

    private Library() {}

    static void load() {
        String given = System.getProperty(PROPERTY);
        if (given != null) {
            System.load(Path.of(given).toAbsolutePath().toString());
        } else {
            loadFromJar();
        }
        check(version(), new String(Native.version(), StandardCharsets.UTF_8));
    }

    /** The package's own, of the build. */
    static String version() {
        try (InputStream version = Library.class.getResourceAsStream("version")) {
            return version == null ? "unknown" : new String(version.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new LinkageError("the version of anchor-events cannot be read", e);
        }
    }

    private static void check(String own, String found) {
        if (!own.equals(found)) {
            throw new LinkageError(String.format("anchor-events %s needs libanchor %s, and found %s", own, own, found));
        }
    }

    private static void loadFromJar() {
        String resource = "/native/" + platform() + "/" + System.mapLibraryName("anchor_events");
        try (InputStream library = Library.class.getResourceAsStream(resource)) {
            if (library == null) {
                throw new UnsatisfiedLinkError("anchor-events has no library for " + platform());
            }
            Path file = Files.createTempFile("anchor-events-", ".library");
            try {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                System.load(file.toString());
            } finally {
                // What is loaded stays. Windows keeps the file of a library until the process has ended.
                if (!file.toFile().delete()) {
                    file.toFile().deleteOnExit();
                }
            }
        } catch (IOException e) {
            throw new LinkageError("the library of anchor-events cannot be written to java.io.tmpdir", e);
        }
    }

    /** Such as linux-x86_64. */
    static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String name = system.startsWith("windows") ? "windows" : system.startsWith("mac") ? "macos" : system;
        String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return name + "-" + ("amd64".equals(processor) ? "x86_64" : processor);
    }
}
