package io.github.libanchor.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static Object value(String json) {
        return Json.object("{\"it\":" + json + "}").get("it");
    }

    @Test
    void numbersAreOfTheTypeThatHoldsThem() {
        assertEquals(0L, value("0"));
        assertEquals(Long.MAX_VALUE, value("9223372036854775807"));
        assertEquals(Long.MIN_VALUE, value("-9223372036854775808"));
        assertEquals(new BigInteger("9223372036854775808"), value("9223372036854775808"));
        assertEquals(-0.0, value("-0"));
        assertEquals(1e21, value("1E+21"));
        assertEquals(0.5, value("0.5"));
        assertEquals(1e300,
                value("1"
                        + "0".repeat(300) + ".0"));
        assertEquals(Double.POSITIVE_INFINITY, value("9".repeat(5000)));
    }

    @Test
    void stringsHaveTheirEscapes() {
        assertEquals("\"\\/\b\f\n\r\t\u20ac\ud83d\ude00", value("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\ud83d\\ude00\""));
        assertEquals("{\"a\":\"\\u0000\\u001f\\\"\\\\\u007f\"}", JsonWriter.object(Map.of("a", "\0\u001f\"\\\u007f")));
    }

    @Test
    void whatIsNotJsonIsRefused() {
        for (String text : List.of("", "{", "[]", "1", "null", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}",
                     "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":--1}", "{\"a\":tru}",
                     "{\"a\":\"}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":[1,]}", "{\"a\":[1 2]}",
                     "{\"a\":NaN}", "{\"a\":1}x",
                     "{\"a\":"
                             + "[".repeat(100_000))) {
            assertThrows(IllegalArgumentException.class, () -> Json.object(text), text);
        }
    }

    @Test
    void spaceIsSkipped() {
        assertEquals(Map.of("a", List.of(1L, Map.of(), List.of()), "b", true),
                Json.object(" {\t\"a\" : [ 1 , { } ,\r[ ] ]\n, \"b\":true } "));
    }

    @Test
    void numbersAreWrittenAsTheyAre() {
        List<Number> numbers =
                List.of((byte) 1, (short) 2, 3, 4L, 1.5f, 1e-7, new BigDecimal("1E+5"), new BigInteger("99999999999999999999"));
        assertEquals("{\"a\":[1,2,3,4,1.5,1.0E-7,1E+5,99999999999999999999]}", JsonWriter.object(Map.of("a", numbers)));
    }
}
