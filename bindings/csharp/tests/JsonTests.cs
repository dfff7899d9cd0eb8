using System;
using System.Collections.Generic;
using System.Numerics;
using NUnit.Framework;

namespace AnchorEvents.Tests
{
    [TestFixture]
    internal class JsonTests
    {
        private static object Value(string json) => Json.Object("{\"it\":" + json + "}")["it"];

        [Test]
        public void NumbersAreOfTheTypeThatHoldsThem()
        {
            Assert.AreEqual(typeof(long), Value("0").GetType());
            Assert.AreEqual(long.MaxValue, Value("9223372036854775807"));
            Assert.AreEqual(long.MinValue, Value("-9223372036854775808"));
            Assert.AreEqual(BigInteger.Parse("9223372036854775808"), Value("9223372036854775808"));
            Assert.AreEqual(typeof(double), Value("-0").GetType());
            Assert.AreEqual(1e21, Value("1E+21"));
            Assert.AreEqual(0.5, Value("0.5"));
            Assert.AreEqual(double.PositiveInfinity, Value(new string('9', 5000)));
            Assert.AreEqual(double.NegativeInfinity, Value("-1e999"));
        }

        [Test]
        public void StringsHaveTheirEscapes()
        {
            Assert.AreEqual("\"\\/\b\f\n\r\t\u20ac\ud83d\ude00", Value("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\ud83d\\ude00\""));
            var data = TestServer.Data("a", "\0\u001f\"\\\u007f");
            Assert.AreEqual("{\"a\":\"\\u0000\\u001f\\\"\\\\\u007f\"}", JsonWriter.Object(data));
        }

        [Test]
        public void WhatIsNotJsonIsRefused()
        {
            var wrong = new[] {
                "",
                "{",
                "[]",
                "1",
                "null",
                "{} {}",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{,}",
                "{a:1}",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":.5}",
                "{\"a\":+1}",
                "{\"a\":1e}",
                "{\"a\":--1}",
                "{\"a\":tru}",
                "{\"a\":\"}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":[1,]}",
                "{\"a\":[1 2]}",
                "{\"a\":NaN}",
                "{\"a\":1}x",
                "{\"a\":" + new string('[', 100000),
            };
            foreach (string text in wrong)
            {
                Assert.Throws<FormatException>(() => Json.Object(text), text);
            }
        }

        [Test]
        public void SpaceIsSkipped()
        {
            Dictionary<string, object> found = Json.Object(" {\t\"a\" : [ 1 , { } ,\r[ ] ]\n, \"b\":true } ");
            Assert.AreEqual(3, ((List<object>)found["a"]).Count);
            Assert.AreEqual(true, found["b"]);
        }

        [Test]
        public void ValuesAreWrittenAsTheyAre()
        {
            var values = new object[] { (byte)1, (short)-2, 3u, 4UL, 1.5f, 1e-7, 0.1m, BigInteger.Parse("99999999999999999999"),
                null, true };
            Assert.AreEqual("{\"a\":[1,-2,3,4,1.5,1E-07,0.1,99999999999999999999,null,true]}",
                JsonWriter.Object(TestServer.Data("a", values)));
            var members = new Dictionary<string, int> { { "b", 1 } };
            Assert.AreEqual("{\"a\":{\"b\":1}}", JsonWriter.Object(TestServer.Data("a", members)));
        }
    }
}
