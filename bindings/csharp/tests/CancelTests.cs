using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;
using static AnchorEvents.Tests.TestServer;

namespace AnchorEvents.Tests
{
    [TestFixture]
    internal class CancelTests
    {
        private readonly AnchorClient client = new AnchorClient();

        [Test(Description = "C13: a token ends a wait, and the service sees the waiter leave")]
        public void Wait()
        {
            using (var source = new CancellationTokenSource())
            {
                Task<AnchorEvent> wait = client.WaitAsync("cancelled", Timeout.InfiniteTimeSpan, source.Token);
                Task loop = Task.Run(() => client.Events("cancelled", source.Token).GetEnumerator().MoveNext());
                UntilWaiting("cancelled", 2);
                source.Cancel();
                Assert.AreEqual(source.Token, Fails<OperationCanceledException>(() => wait).CancellationToken);
                Assert.IsTrue(wait.IsCanceled);
                Fails<OperationCanceledException>(() => loop);
                UntilWaiting("cancelled", 0);
            }
        }

        [Test(Description = "C13: a token that has a time ends a wait")]
        public void CancelAfter()
        {
            using (var source = new CancellationTokenSource(50))
            {
                Fails<OperationCanceledException>(() => client.WaitAsync("quiet", Timeout.InfiniteTimeSpan, source.Token));
            }
            UntilWaiting("quiet", 0);
        }

        [Test(Description = "C14: a token that is cancelled already begins no call")]
        public void CancelledBefore()
        {
            using (var own = new AnchorClient())
            {
                var cancelled = new CancellationToken(true);
                Fails<OperationCanceledException>(() => own.WaitAsync("never", cancelled));
                Fails<OperationCanceledException>(() => own.SignalAsync("never", cancellationToken: cancelled));
                Fails<OperationCanceledException>(() => own.DrainAsync("never", cancellationToken: cancelled));
                Assert.AreEqual(0, own.Stats()["waits"]);
                Assert.AreEqual(0, own.Stats()["signals"]);
            }
        }

        [Test(Description = "C15: a token ends a signal")]
        public void Signal()
        {
            using (var own = new AnchorClient()) using (var source = new CancellationTokenSource())
            {
                Task signal = own.SignalAsync("hang", cancellationToken: source.Token);
                Until(() => (long)((Dictionary<string, object>)own.Stats()["connections"])["waiting"] == 1);
                source.Cancel();
                Assert.AreEqual(source.Token, Fails<OperationCanceledException>(() => signal).CancellationToken);
            }
        }

        [Test(Description = "C16: an event that had arrived when its wait was cancelled is returned")]
        public void Arrived()
        {
            for (long round = 0; round < 20; round++)
            {
                using (var own = new AnchorClient()) using (var source = new CancellationTokenSource())
                {
                    Task<AnchorEvent> wait = own.WaitAsync("arrived", source.Token);
                    UntilWaiting("arrived", 1);
                    End(client.SignalAsync("arrived", Data("round", round)));
                    while ((long)own.Stats()["answers"] < 1)
                    {
                        Thread.SpinWait(1);
                    }
                    source.Cancel();
                    Assert.AreEqual(round, End(wait).Data["round"]);
                }
            }
        }

        [Test(Description = "C19: closing ends calls, and refuses others")]
        public void Dispose()
        {
            var own = new AnchorClient();
            Task<AnchorEvent> wait = own.WaitAsync("closed");
            Task signal = own.SignalAsync("hang");
            UntilWaiting("closed", 1);
            Until(() => (long)((Dictionary<string, object>)own.Stats()["connections"])["waiting"] == 2);
            own.Dispose();
            Fails<OperationCanceledException>(() => wait);
            Fails<OperationCanceledException>(() => signal);
            UntilWaiting("closed", 0);
            own.Dispose();
            Fails<ObjectDisposedException>(() => own.WaitAsync("x"));
            Fails<ObjectDisposedException>(() => own.SignalAsync("x"));
            Fails<ObjectDisposedException>(() => own.DrainAsync("x"));
            Assert.Throws<ObjectDisposedException>(() => own.Stats());
            Assert.Throws<ObjectDisposedException>(() => own.SetApiKey("x"));
        }
    }
}
