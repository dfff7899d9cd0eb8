package io.github.libanchor.events;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles programs of the README, and what must not compile. */
final class Compiler {
    private Compiler() {}

    /** Whether an expression of a program with a client does. */
    static boolean compiles(String expression) {
        try {
            Path into = Files.createTempDirectory("anchor-events");
            try {
                String program = "import io.github.libanchor.events.*; import java.util.*;"
                        + "class Expression { void run(Client client) throws Exception { Object value = " + expression + "; } }";
                return compile("Expression", program, into).isEmpty();
            } finally {
                delete(into);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Compiles a class of this name, and returns what is wrong. */
    static String compile(String name, String text, Path into) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        SimpleJavaFileObject source =
                new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignored) {
                        return text;
                    }
                };
        List<String> options =
                List.of("-d", into.toString(), "-classpath", System.getProperty("java.class.path"), "-Xlint:all", "-Werror");
        compiler.getTask(null, null, found, options, null, List.of(source)).call();
        StringBuilder wrong = new StringBuilder();
        found.getDiagnostics().forEach(
                it -> wrong.append(it.getLineNumber()).append(": ").append(it.getMessage(Locale.ROOT)).append('\n'));
        return wrong.toString();
    }

    static void delete(Path folder) throws IOException {
        for (Path file : Arrays.stream(folder.toFile().listFiles()).map(java.io.File::toPath).toList()) {
            Files.delete(file);
        }
        Files.delete(folder);
    }
}
