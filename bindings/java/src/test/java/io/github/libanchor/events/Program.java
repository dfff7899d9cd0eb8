package io.github.libanchor.events;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What tests run in a process of its own. */
final class Program {
    private Program() {}

    /** Runs what the first argument names, for the event that the second names. */
    public static void main(String[] arguments) throws Exception {
        Client client = new Client();
        String event = arguments[1];
        switch (arguments[0]) {
            case "wait" -> System.out.println(client.waitFor(event, Client.NO_TIMEOUT).data());
            case "exit" -> {
                open(client, event);
                System.in.read();
                System.exit(7);
            }
            case "return" -> {
                open(client, event);
                System.in.read();
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void open(Client client, String event) {
        client.waitForAsync(event);
        client.signalAsync("hang", Map.of());
        Thread blocked = new Thread(() -> client.events(event).iterator().next());
        blocked.setDaemon(true);
        blocked.start();
    }

    /** A process, to which Ctrl-C means what it means on a terminal. */
    static ProcessBuilder process(String classPath, String... arguments) {
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT", System.getProperty("java.home") + "/bin/java", "-cp", classPath));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    static Process start(String what, String event) throws IOException {
        return start(process(System.getProperty("java.class.path"), Program.class.getName(), what, event));
    }

    static Process start(ProcessBuilder program) throws IOException {
        Process process = program.start();
        // Otherwise one that hangs would be read from for ever.
        CompletableFuture.delayedExecutor(Server.PATIENCE.toSeconds(), TimeUnit.SECONDS).execute(process::destroyForcibly);
        return process;
    }

    static void kill(Process process, String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).inheritIO().start().waitFor();
    }

    static int end(Process process) throws InterruptedException {
        if (!process.waitFor(Server.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the process does not end");
        }
        return process.exitValue();
    }
}
