using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace AnchorEvents.Tests
{
    /// <summary>The local server, as servers.py started it, and what a test waits for.</summary>
    internal static class TestServer
    {
        internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        internal static string Env(string name)
        {
            string value = Environment.GetEnvironmentVariable(name);
            Assert.IsNotNull(value, name);
            return value;
        }

        /// <summary>How many waits the server holds for an event.</summary>
        internal static int Waiting(string name) =>
            ((List<object>)State()["waiting"]).Count(wait => name.Equals(((Dictionary<string, object>)wait)["event"]));

        /// <summary>How many waits it holds in all.</summary>
        internal static long Waiting() => (long)State()["waitingCount"];

        internal static void Until(Func<bool> condition)
        {
            DateTime deadline = DateTime.UtcNow + Patience;
            while (!condition())
            {
                Assert.Less(DateTime.UtcNow, deadline, "it does not come");
                Thread.Sleep(10);
            }
        }

        internal static void UntilWaiting(string name, int count) => Until(() => Waiting(name) == count);

        /// <summary>The end of a call, which must come.</summary>
        internal static T End<T>(Task<T> task)
        {
            Ended(task);
            return task.GetAwaiter().GetResult();
        }

        internal static void End(Task task)
        {
            Ended(task);
            task.GetAwaiter().GetResult();
        }

        internal static TException Fails<TException>(Func<Task> call)
            where TException : Exception => (TException) Assert.Throws(Is.InstanceOf<TException>(), () => End(call()));

  /// <summary>A number of /proc/self/status, such as Threads or VmRSS.</summary>
  internal static long OfProcess(string what)
        {
            string line = File.ReadLines("/proc/self/status").First(it => it.StartsWith(what + ":", StringComparison.Ordinal));
            return long.Parse(new string(line.Where(char.IsDigit).ToArray()));
        }

        internal static Dictionary<string, object> Data(
            string name, object value) => new Dictionary<string, object> { { name, value } };

        private static void Ended(Task task) => Assert.IsTrue(
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne(Patience), "the call goes on");

        private static Dictionary<string, object> State()
        {
            WebRequest request = WebRequest.Create(Env("ANCHORBROWSER_BASE_URL") + "/admin/state");
            request.Headers["anchor-admin-token"] = Env("ANCHOR_TEST_ADMIN_TOKEN");
            using (WebResponse response = request.GetResponse()) using (
                var reader = new StreamReader(response.GetResponseStream()))
            {
                return Json.Object(reader.ReadToEnd());
            }
        }
    }
}
