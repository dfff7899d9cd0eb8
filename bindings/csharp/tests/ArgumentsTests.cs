using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;
using static AnchorEvents.Tests.TestServer;

namespace AnchorEvents.Tests
{
    [TestFixture]
    internal class ArgumentsTests
    {
        private readonly AnchorClient client = new AnchorClient();

        [Test(Description = "C26: null is an ArgumentNullException that names the argument")]
        public void Missing()
        {
            Assert.AreEqual("name", Fails<ArgumentNullException>(() => client.WaitAsync(null)).ParamName);
            Assert.AreEqual("name", Fails<ArgumentNullException>(() => client.SignalAsync(null)).ParamName);
            Assert.AreEqual("name", Fails<ArgumentNullException>(() => client.DrainAsync(null)).ParamName);
            Assert.AreEqual("name", Assert.Throws<ArgumentNullException>(() => client.Events(null)).ParamName);
            Assert.AreEqual("options", Fails<ArgumentNullException>(() => client.WaitAsync("x", (AnchorOptions)null)).ParamName);
            Assert.AreEqual("apiKey", Assert.Throws<ArgumentNullException>(() => client.SetApiKey(null)).ParamName);
            Assert.AreEqual("settings", Assert.Throws<ArgumentNullException>(() => new AnchorClient(null)).ParamName);
            var half = new AnchorSettings { ClientCertificate = ("file.pem", (string)null) };
            Assert.AreEqual("ClientCertificate", Assert.Throws<ArgumentNullException>(() => new AnchorClient(half)).ParamName);
        }

        [TestCase("client.WaitAsync(\"x\")", true)]
        [TestCase("client.WaitAsync(1)", false)]
        [TestCase("client.WaitAsync(\"x\", 5)", false)]
        [TestCase("client.SignalAsync(\"x\", \"data\")", false)]
        [TestCase("new AnchorSettings { AllowHttp = 1 }", false)]
        [TestCase("new AnchorSettings { Retries = \"3\" }", false)]
        public void TheCompilerRefusesAnotherType(string expression, bool isRight)
        {
            // C26
            string program = "using AnchorEvents; class P { object Run(AnchorClient client) { return " + expression + "; } }";
            Assert.AreEqual(isRight, Compiler.Compile(program, "-target:library", out string printed), printed);
        }

        [Test(Description = "C27: a name that is none is refused")]
        public void Names()
        {
            foreach (string name in new[] { "", ".", "..", new string('x', 4097) })
            {
                foreach (Func<Task> call in new Func<Task>[] { () => client.WaitAsync(name), () => client.SignalAsync(name),
                                                               () => client.DrainAsync(name) })
                {
                    StringAssert.Contains("event_name", Fails<ArgumentException>(call).Message);
                }
            }
        }

        [Test(Description = "C27: a setting out of range is refused by its name")]
        public void Settings()
        {
            Refused("api_key", new AnchorSettings { ApiKey = "" });
            Refused("base_url", new AnchorSettings { BaseUrl = "ftp://x" });
            Refused("proxy", new AnchorSettings { Proxy = "socks4://x" });
            Refused("slice", new AnchorSettings { Slice = TimeSpan.Zero });
            Refused("max_response_bytes", new AnchorSettings { MaxResponseBytes = 0 });
            Refused("MaxResponseBytes", new AnchorSettings { MaxResponseBytes = -1 });
            Refused("Retries", new AnchorSettings { Retries = -1 });
        }

        [Test(Description = "C28: U+0000 is refused, not cut off")]
        public void Nul()
        {
            StringAssert.Contains("name contains U+0000", Fails<ArgumentException>(() => client.WaitAsync("cut\0off")).Message);
            StringAssert.Contains(
                "name contains a lone surrogate", Fails<ArgumentException>(() => client.SignalAsync("\ud800")).Message);
            Refused("Proxy contains U+0000", new AnchorSettings { Proxy = "http://127.0.0.1\0.example" });
        }

        [Test(Description = "C29: a time that is none is refused, and a little time is not none")]
        public void Times()
        {
            foreach (TimeSpan time in new[] { TimeSpan.FromMilliseconds(-2), TimeSpan.FromTicks(-1), TimeSpan.MinValue })
            {
                Assert.AreEqual("timeout", Fails<ArgumentOutOfRangeException>(() => client.WaitAsync("x", time)).ParamName);
                Refused("Grace", new AnchorSettings { Grace = time });
            }
            Refused("Grace", new AnchorSettings { Grace = Timeout.InfiniteTimeSpan });
            Assert.AreEqual(1, Arguments.Milliseconds("time", TimeSpan.FromTicks(1)));
            Assert.AreEqual(1001, Arguments.Milliseconds("time", TimeSpan.FromTicks(TimeSpan.TicksPerSecond + 1)));
            Assert.AreEqual(1000, Arguments.Milliseconds("time", TimeSpan.FromSeconds(1)));
            Assert.AreEqual(-1, Arguments.Limit("time", Timeout.InfiniteTimeSpan));
        }

        [Test(Description = "C30: data that JSON cannot express is refused before anything is sent")]
        public void Unwritable()
        {
            var endless = new List<object>();
            endless.Add(endless);
            var wrong = new object[] { double.NaN, double.PositiveInfinity, float.NegativeInfinity, DateTime.Now, new object(),
                "\udc00", endless, new Dictionary<int, int> { { 1, 2 } } };
            using (var own = new AnchorClient())
            {
                foreach (object value in wrong)
                {
                    StringAssert.Contains(
                        "data", Fails<ArgumentException>(() => own.SignalAsync("refused", Data("x", value))).Message);
                }
                Assert.AreEqual(0, own.Stats()["signals"]);
            }
        }

        [Test(Description = "C25: nothing that is printed has the data or the key")]
        public void Secrets()
        {
            const string Secret = "data-of-this-test";
            End(client.SignalAsync("secret", Data("secret", Secret)));
            AnchorEvent secret = End(client.WaitAsync("secret", TimeSpan.Zero));
            Assert.AreEqual(Secret, secret.Data["secret"]);
            var settings = new AnchorSettings { ApiKey = "a-wrong-key-of-this-test" };
            settings.Headers["x-secret"] = Secret;
            var wrong = new AnchorClient(settings);
            var failure = Fails<AnchorException>(() => wrong.SignalAsync("secret", Data("secret", Secret)));
            var printed = new StringBuilder().Append(secret).Append(settings).Append(wrong).Append(failure);
            foreach (KeyValuePair<string, object> detail in failure.Details)
            {
                printed.Append(detail);
            }
            printed.Append(Fails<ArgumentException>(() => client.SignalAsync("x", Data(Secret, double.NaN))));
            printed.Append(Assert.Throws<FormatException>(() => Json.Object("{\"" + Secret + "\"")));
            StringAssert.Contains("Unauthorized", failure.Status.ToString());
            StringAssert.DoesNotContain(Secret, printed.ToString());
            StringAssert.DoesNotContain("wrong-key", printed.ToString());
        }

        private static void Refused(string name, AnchorSettings settings) => StringAssert.Contains(
            name, ((Exception)Assert.Throws(Is.InstanceOf<ArgumentException>(), () => new AnchorClient(settings))).Message);
    }
}
