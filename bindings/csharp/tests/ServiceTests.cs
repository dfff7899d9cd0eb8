using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NUnit.Framework;
using static AnchorEvents.Tests.TestServer;

namespace AnchorEvents.Tests
{
    [TestFixture]
    internal class ServiceTests
    {
        private readonly AnchorClient client = new AnchorClient();

        [TestCase(400, AnchorStatus.BadRequest)]
        [TestCase(401, AnchorStatus.Unauthorized)]
        [TestCase(403, AnchorStatus.Forbidden)]
        [TestCase(404, AnchorStatus.NotFound)]
        [TestCase(409, AnchorStatus.HttpError)]
        [TestCase(413, AnchorStatus.BadRequest)]
        [TestCase(422, AnchorStatus.BadRequest)]
        [TestCase(429, AnchorStatus.RateLimited)]
        [TestCase(500, AnchorStatus.ServerError)]
        [TestCase(502, AnchorStatus.ServerError)]
        [TestCase(503, AnchorStatus.ServerError)]
        [TestCase(504, AnchorStatus.ServerError)]
        public void EachHttpStatusIsAnError(int code, AnchorStatus status)
        {
            // C20
            var once = new AnchorOptions { Retries = 0 };
            foreach (Func<Task> call in new Func<Task>[] { () => client.WaitAsync("status_" + code, once),
                                                           () => client.SignalAsync("status_" + code, null, once) })
            {
                var failure = Fails<AnchorException>(call);
                Assert.AreEqual(status, failure.Status);
                Assert.AreEqual(code, failure.HttpStatus);
                Assert.AreEqual("receive", failure.Phase);
            }
        }

        [Test(Description = "C21: an answer that was not read")]
        public void Dropped()
        {
            var failure = Fails<AnchorException>(() => client.SignalAsync("drop"));
            Assert.AreEqual(AnchorStatus.ConnectionLost, failure.Status);
            Assert.IsTrue(failure.MaybeConsumed);
        }

        [Test(Description = "C23: a wrong key is refused")]
        public void WrongKey()
        {
            using (var wrong = new AnchorClient(new AnchorSettings { ApiKey = "wrong" }))
            {
                Assert.AreEqual(AnchorStatus.Unauthorized, Fails<AnchorException>(() => wrong.WaitAsync("x")).Status);
            }
        }

        [Test(Description = "C24: an outage ends at the timeout")]
        public void Outage()
        {
            using (var nowhere = new AnchorClient(new AnchorSettings { BaseUrl = Env("ANCHOR_TEST_NOWHERE") }))
            {
                Stopwatch watch = Stopwatch.StartNew();
                var failure = Fails<TimeoutException>(() => nowhere.WaitAsync("x", TimeSpan.FromMilliseconds(500)));
                Assert.GreaterOrEqual(watch.ElapsedMilliseconds, 499);
                Assert.AreEqual(AnchorStatus.NotSent, ((IAnchorFailure)failure).Status);
                Assert.IsFalse(((IAnchorFailure)failure).MaybeConsumed);
            }
        }

        [Test(Description = "C31: every setting and option of the header is a property that calls its setter")]
        public void Settings()
        {
            var settings = new AnchorSettings();
            SetAll(settings);
            Compare(settings.All(), "config", new[] { "set_interruptible", "set_log_callback", "set_log_json" });
            var options = new AnchorOptions();
            SetAll(options);
            Compare(options.All(), "options", new string[0]);
        }

        private static void SetAll(object settings)
        {
            var samples = new Dictionary<Type, object> {
                { typeof(string), "x" },
                { typeof(bool?), true },
                { typeof(int?), 1 },
                { typeof(long?), 1L },
                { typeof(TimeSpan?), TimeSpan.FromSeconds(1) },
                { typeof(AnchorTrust?), AnchorTrust.System },
                { typeof((string, string)?), ("x", "x") },
            };
            foreach (PropertyInfo property in settings.GetType().GetProperties())
            {
                if (property.CanWrite)
                {
                    property.SetValue(settings, samples[property.PropertyType]);
                }
                else
                {
                    ((IDictionary<string, string>)property.GetValue(settings)).Add("x", "x");
                }
            }
        }

        private static void Compare<THandle>(IEnumerable<Setting<THandle>> found, string handle, string[] others)
        {
            var setters = new List<string>();
            foreach (Setting<THandle> setting in found)
            {
                string words = Regex.Replace(setting.Name, "(?<!^)([A-Z])", "_$1").ToLowerInvariant();
                StringAssert.IsMatch($"^anchor_{handle}_(set|add)_{words.TrimEnd('s')}s?(_ms)?$", setting.Setter);
                setters.Add(setting.Setter.Replace($"anchor_{handle}_", ""));
            }
            var declared =
                Regex.Matches(File.ReadAllText(Env("ANCHOR_CDEF")), $@"anchor_{handle}_((set|add)_\w+)\(").Cast<Match>();
            CollectionAssert.AreEquivalent(declared.Select(it => it.Groups[1].Value), setters.Concat(others));
        }

        [Test(Description = "C32: options count for one call")]
        public void Options()
        {
            var options = new AnchorOptions { RequestId = "trace-1", Retries = 0 };
            options.Headers["x-one"] = "1";
            var failure = Fails<AnchorException>(() => client.WaitAsync("status_503", options));
            Assert.AreEqual("trace-1", failure.Details["requestId"]);
            Assert.AreEqual(1L, failure.Details["attempts"]);
            var wrong = new AnchorOptions();
            wrong.Headers["content-length"] = "1";
            Fails<ArgumentException>(() => client.WaitAsync("x", wrong));
            Fails<ArgumentException>(() => client.SignalAsync("x", null, wrong));
        }

        [Test(Description = "C33: TLS")]
        public void Tls()
        {
            string file = Env("ANCHOR_TEST_TLS_CA"), url = Env("ANCHOR_TEST_TLS_URL");
            foreach (var settings in new[] { new AnchorSettings { BaseUrl = url, CaFile = file },
                         new AnchorSettings { BaseUrl = url, CaPem = File.ReadAllText(file) } })
            {
                using (var secure = new AnchorClient(settings))
                {
                    End(secure.SignalAsync("tls", Data("over", "tls")));
                    Assert.AreEqual("tls", End(secure.WaitAsync("tls", TimeSpan.Zero)).Data["over"]);
                }
            }
            using (var other = new AnchorClient(new AnchorSettings { BaseUrl = url, Trust = AnchorTrust.Bundled }))
            {
                var failure = Fails<AnchorException>(() => other.WaitAsync("tls"));
                Assert.AreEqual(AnchorStatus.Tls, failure.Status);
                Assert.AreEqual("tls", failure.Phase);
            }
        }

        [Test(Description = "C34: a proxy")]
        public void Proxy()
        {
            int before = File.ReadAllLines(Env("ANCHOR_TEST_PROXY_LOG")).Length;
            var settings = new AnchorSettings { BaseUrl = Env("ANCHOR_TEST_TLS_URL"), CaFile = Env("ANCHOR_TEST_TLS_CA"),
                Proxy = Env("ANCHOR_TEST_PROXY") };
            using (var own = new AnchorClient(settings))
            {
                End(own.SignalAsync("proxy"));
            }
            Assert.Greater(File.ReadAllLines(Env("ANCHOR_TEST_PROXY_LOG")).Length, before);
        }

        [Test(Description = "C35 C36: keys are accounts, and one that was replaced is not sent any more")]
        public void Keys()
        {
            End(client.SignalAsync("account", Data("of", "the first")));
            using (var other = new AnchorClient(new AnchorSettings { ApiKey = Env("ANCHOR_TEST_KEY_2") }))
            {
                Fails<TimeoutException>(() => other.WaitAsync("account", TimeSpan.Zero));
                other.SetApiKey(Env("ANCHORBROWSER_API_KEY"));
                Assert.AreEqual("the first", End(other.WaitAsync("account", TimeSpan.Zero)).Data["of"]);
                StringAssert.Contains("api_key", Assert.Throws<ArgumentException>(() => other.SetApiKey("")).Message);
            }
        }

        [Test(Description = "C37: the statistics count")]
        public void Stats()
        {
            using (var own = new AnchorClient())
            {
                End(own.SignalAsync("counted"));
                End(own.WaitAsync("counted", TimeSpan.Zero));
                Assert.AreEqual(1L, own.Stats()["signals"]);
                Assert.AreEqual(1L, own.Stats()["waits"]);
            }
        }
    }
}
