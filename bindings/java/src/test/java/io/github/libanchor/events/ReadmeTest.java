package io.github.libanchor.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern IMPORT = Pattern.compile("^import .*;\n", Pattern.MULTILINE);

    @Test
    @DisplayName("The programs of the README run as they stand there")
    void run() throws Exception {
        String readme = Files.readString(Path.of(Server.env("ANCHOR_TEST_README")));
        List<String> blocks = BLOCK.matcher(readme).results().map(found -> found.group(1)).toList();
        List<String> printed = List.of("123456", "500\n{number=1}", "cancelled", "TIMEOUT in receive");
        assertEquals(printed.size(), blocks.size());
        for (int i = 0; i < blocks.size(); i++) {
            assertEquals(printed.get(i), run(blocks.get(i)));
        }
    }

    private static String run(String block) throws Exception {
        StringBuilder imports = new StringBuilder();
        IMPORT.matcher(block).results().forEach(found -> imports.append(found.group()));
        String body = IMPORT.matcher(block).replaceAll("");
        String program = imports + "class Readme { public static void main(String[] arguments) throws Exception {" + body + "} }";
        Path folder = Files.createTempDirectory("anchor-events");
        try {
            assertEquals("", Compiler.compile("Readme", program, folder));
            Process process =
                    Program.start(Program.process(folder + File.pathSeparator + System.getProperty("java.class.path"), "Readme"));
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, Program.end(process));
            assertTrue(!text.isEmpty());
            return text.strip();
        } finally {
            Compiler.delete(folder);
        }
    }
}
