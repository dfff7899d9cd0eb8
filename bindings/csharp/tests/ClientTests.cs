using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Numerics;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;
using static AnchorEvents.Tests.TestServer;

namespace AnchorEvents.Tests
{
    [TestFixture]
    internal class ClientTests
    {
        private readonly AnchorClient client = new AnchorClient();

        [Test(Description = "C01: a blocked wait gets the event")]
        public void Blocked()
        {
            Task<AnchorEvent> wait = client.WaitAsync("blocked");
            UntilWaiting("blocked", 1);
            End(client.SignalAsync("blocked", Data("code", "123456")));
            Assert.AreEqual("blocked", End(wait).Name);
            Assert.AreEqual("123456", wait.Result.Data["code"]);
        }

        [Test(Description = "C02 C05 C10: a signal before the wait is kept, and has an empty object")]
        public void Kept()
        {
            End(client.SignalAsync("kept"));
            AnchorEvent kept = End(client.WaitAsync("kept", TimeSpan.Zero));
            Assert.AreEqual("{\"data\":{}}", kept.Raw);
            Assert.AreEqual(0, kept.Data.Count);
        }

        [Test(Description = "C03: each signal ends one wait")]
        public void Several()
        {
            List<Task<AnchorEvent>> waits = Enumerable.Range(0, 4)
                                                .Select(
                                                    _ => client.WaitAsync("several"))
                                                .ToList();
            UntilWaiting("several", 4);
            for (long number = 0; number < 4; number++)
            {
                End(client.SignalAsync("several", Data("number", number)));
            }
            CollectionAssert.AreEquivalent(new[] { 0L, 1L, 2L, 3L }, waits.Select(wait => End(wait).Data["number"]));
        }

        [Test(Description = "C04 C05 C21: a wait ends at its timeout")]
        public void TimeIsOver()
        {
            foreach (int milliseconds in new[] { 0, 200 })
            {
                Stopwatch watch = Stopwatch.StartNew();
                var failure = Fails<TimeoutException>(() => client.WaitAsync("quiet", TimeSpan.FromMilliseconds(milliseconds)));
                Assert.GreaterOrEqual(watch.ElapsedMilliseconds, milliseconds);
                var known = (IAnchorFailure)failure;
                Assert.AreEqual(AnchorStatus.Timeout, known.Status);
                Assert.AreEqual(408, known.HttpStatus);
                Assert.AreEqual("receive", known.Phase);
                Assert.IsFalse(known.MaybeConsumed);
            }
        }

        [Test(Description = "C06 C29: a wait can be without limit")]
        public void NoLimit()
        {
            Task<AnchorEvent> wait = client.WaitAsync("endless", Timeout.InfiniteTimeSpan);
            UntilWaiting("endless", 1);
            End(client.SignalAsync("endless"));
            Assert.AreEqual(0, End(wait).Data.Count);
        }

        [Test(Description = "C07 C08: data arrives as it was sent")]
        public void Kinds()
        {
            var data = new Dictionary<string, object> {
                { "null", null },
                { "booleans", new List<object> { true, false } },
                { "numbers", new List<object> { 0L, -1L, 1L << 53, long.MinValue, 0.1, 1e300,
                     BigInteger.Parse("123456789012345678901234567890") } },
                { "text", "\0 \u2713 \ud83d\udd11 \\ \" \n" },
                { "nested", Data("", new List<object> { new List<object>(), new Dictionary<string, object>(),
                     new List<object> { Data("a", null) } }) },
            };
            End(client.SignalAsync("kinds", data));
            AnchorEvent kinds = End(client.WaitAsync("kinds", TimeSpan.Zero));
            CollectionAssert.AreEquivalent(data.Keys, kinds.Data.Keys);
            foreach (string key in data.Keys)
            {
                Assert.AreEqual(data[key], kinds.Data[key], key);
            }
            End(client.SignalAsync("kinds", Data("text", "\u2713")));
            Assert.AreEqual("{\"data\":{\"text\":\"\u2713\"}}", End(client.WaitAsync("kinds", TimeSpan.Zero)).Raw);
        }

        [Test(Description = "C09: any text is a name")]
        public void Names()
        {
            foreach (string name in new[] { "a b/c", "100%", "%2F", "\u00e9v\u00e9nement \u2713 \ud83d\udd11", "...", "a?b#c" })
            {
                End(client.SignalAsync(name, Data("name", name)));
                Assert.AreEqual(name, End(client.WaitAsync(name, TimeSpan.Zero)).Data["name"]);
            }
        }

        [Test(Description = "C11: events in a loop")]
        public void Loop()
        {
            for (long number = 0; number < 3; number++)
            {
                End(client.SignalAsync("loop", Data("number", number)));
            }
            long next = 0;
            foreach (AnchorEvent each in client.Events("loop"))
            {
                Assert.AreEqual(next, each.Data["number"]);
                if (++next == 2)
                {
                    break;
                }
            }
            Assert.AreEqual(2L, End(client.WaitAsync("loop", TimeSpan.Zero)).Data["number"]);
        }

        [Test(Description = "C12: a drain counts what it drops")]
        public void Drain()
        {
            for (int i = 0; i < 3; i++)
            {
                End(client.SignalAsync("drained"));
            }
            Assert.AreEqual(3, End(client.DrainAsync("drained")));
            Assert.AreEqual(0, End(client.DrainAsync("drained", new AnchorOptions { Timeout = TimeSpan.Zero })));
        }

        [Test(Description = "C39 C40: many waits take no thread, and leave the pool alone")]
        public void Many()
        {
            const int Count = 500;
            var waits =
                Enumerable.Range(0, Count).Select(job => client.WaitAsync("job_" + job, TimeSpan.FromMinutes(2))).ToList();
            Until(() => Waiting() == Count);
            Assert.Less(OfProcess("Threads"), 60);
            Assert.AreEqual("the pool is free", End(Task.Run(() => "the pool is free")));
            var signals =
                Enumerable.Range(0, Count).Select(job => client.SignalAsync("job_" + job, Data("job", (long)job))).ToList();
            for (int job = 0; job < Count; job++)
            {
                End(signals[job]);
                Assert.AreEqual((long)job, End(waits[job]).Data["job"]);
            }
        }

        [Test(Description = "C41: threads share a client")]
        public void ThreadsShare()
        {
            var threads =
                Enumerable.Range(0, 8)
                    .Select(thread => Task.Factory.StartNew(() => Exchange("shared_" + thread), TaskCreationOptions.LongRunning))
                    .ToList();
            threads.ForEach(End);
        }

        private void Exchange(string name)
        {
            for (long number = 0; number < 30; number++)
            {
                End(client.SignalAsync(name, Data("number", number)));
                Assert.AreEqual(number, End(client.WaitAsync(name, Patience)).Data["number"]);
            }
        }
    }
}
