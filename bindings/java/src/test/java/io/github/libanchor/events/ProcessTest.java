package io.github.libanchor.events;

import static io.github.libanchor.events.Server.PATIENCE;
import static io.github.libanchor.events.Server.untilWaiting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What concerns the whole process: Ctrl-C, exit, memory, and the library in the jar. */
class ProcessTest {
    private static final int SIGINT = 2;
    private final Client client = new Client();

    @Test
    @DisplayName("C17: Ctrl-C ends the process, as it does in other calls")
    void ctrlC() throws Exception {
        Process program = Program.start("wait", "ctrl_c");
        untilWaiting("ctrl_c", 1);
        Program.kill(program, "INT");
        assertEquals(128 + SIGINT, Program.end(program));
        untilWaiting("ctrl_c", 0);
    }

    @Test
    @DisplayName("C18: a signal handler does not end a wait")
    void handler() throws Exception {
        Process program = Program.start("wait", "handled");
        untilWaiting("handled", 1);
        // The JVM's own handler prints the threads, and returns.
        Program.kill(program, "QUIT");
        try (BufferedReader printed = program.inputReader()) {
            while (!printed.readLine().contains("Full thread dump")) {
                assertTrue(program.isAlive());
            }
            client.signal("handled", Map.of("n", 7));
            String last = "";
            for (String line = printed.readLine(); line != null; line = printed.readLine()) {
                last = line;
            }
            assertEquals("{n=7}", last);
        }
        assertEquals(0, Program.end(program));
    }

    @Test
    @DisplayName("C22: a missing key is named when the client is made")
    void missingKey() throws Exception {
        ProcessBuilder program = Program.process(System.getProperty("java.class.path"), Program.class.getName(), "wait", "x");
        program.environment().remove("ANCHORBROWSER_API_KEY");
        program.environment().remove("ANCHOR_API_KEY");
        String printed = failure(program);
        assertTrue(printed.contains("IllegalArgumentException") && printed.contains("ANCHORBROWSER_API_KEY"), printed);
    }

    @Test
    @DisplayName("C38: the package is of the version of its library, and refuses another")
    void version() throws Exception {
        assertEquals(new String(Native.version(), StandardCharsets.UTF_8), Library.version());
        Path folder = Files.createTempDirectory("anchor-events");
        Path version = folder.resolve("io/github/libanchor/events/version");
        Files.createDirectories(version.getParent());
        Files.writeString(version, "9.9.9\n");
        String classPath = folder + File.pathSeparator + System.getProperty("java.class.path");
        String printed = failure(Program.process(classPath, Program.class.getName(), "wait", "x"));
        assertTrue(printed.contains("anchor-events 9.9.9 needs libanchor 9.9.9, and found " + Library.version()), printed);
        for (Path file = version; !file.equals(folder.getParent()); file = file.getParent()) {
            Files.delete(file);
        }
    }

    /** What a process prints that fails. */
    private static String failure(ProcessBuilder program) throws Exception {
        Process process = Program.start(program.redirectErrorStream(true).redirectError(ProcessBuilder.Redirect.PIPE));
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, Program.end(process), printed);
        return printed;
    }

    @Test
    @DisplayName("C38: the library was loaded from the jar, and no file of it is left")
    void jar() throws Exception {
        assertTrue(Client.class.getProtectionDomain().getCodeSource().getLocation().getPath().endsWith(".jar"));
        assertTrue(Files.readString(Path.of("/proc/self/maps")).contains("/anchor-events-"));
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertTrue(files.noneMatch(file -> file.getFileName().toString().matches("anchor-events-.*library")));
        }
    }

    @Test
    @DisplayName("C42: garbage is collected during a wait, and the client too")
    void garbage() throws Exception {
        WeakReference<Client> own = new WeakReference<>(new Client());
        CompletableFuture<Event> future = own.get().waitForAsync("collected");
        untilWaiting("collected", 1);
        Server.until(() -> {
            System.gc();
            return own.get() == null;
        });
        client.signal("collected", Map.of("still", "there"));
        assertEquals(Map.of("still", "there"), future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).data());
    }

    @Test
    @DisplayName("C43: a process exits with calls open, and by the end of its main thread")
    void exit() throws Exception {
        for (Map.Entry<String, Integer> way : Map.of("exit", 7, "return", 0).entrySet()) {
            Process program = Program.start(way.getKey(), "open");
            untilWaiting("open", 2);
            program.getOutputStream().close();
            assertEquals(way.getValue(), Program.end(program));
            untilWaiting("open", 0);
        }
    }

    @Test
    @DisplayName("C45: thousands of calls leave no memory and no descriptor behind")
    void memory() throws Exception {
        calls(800);
        long[] before = calls(200);
        long[] after = calls(1500);
        // Answers that were not freed would be 12,000 KiB. The heap does not grow: build.sh has it touched at the start.
        assertTrue(after[0] - before[0] < 8_000, before[0] + " and then " + after[0]);
        assertTrue(after[1] <= before[1], before[1] + " and then " + after[1]);
    }

    private long[] calls(int count) throws Exception {
        String filler = "x".repeat(8192);
        for (int i = 0; i < count; i++) {
            client.signal("many", Map.of("filler", filler));
            client.waitFor("many", Duration.ZERO);
            Client own = i % 50 == 0 ? new Client() : client;
            own.waitForAsync("many_cancelled").cancel(true);
            if (own != client) {
                own.close();
            }
        }
        untilWaiting("many_cancelled", 0);
        return new long[] {Server.ofProcess("VmRSS"), new File("/proc/self/fd").list().length};
    }
}
