using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NUnit.Framework;
using static AnchorEvents.Tests.TestServer;

namespace AnchorEvents.Tests
{
    /// <summary>What concerns the whole process: Ctrl-C, exit, memory, and the library that is loaded.</summary>
    [TestFixture]
    internal class ProcessTests
    {
        private const int SigInt = 2;
        private readonly AnchorClient client = new AnchorClient();

        [Test(Description = "C17: Ctrl-C ends the process, as it does in other calls")]
        public void CtrlC()
        {
            Process program = Start("wait", "ctrl_c");
            UntilWaiting("ctrl_c", 1);
            Kill("INT", program);
            Assert.AreEqual(128 + SigInt, Compiler.End(program));
            UntilWaiting("ctrl_c", 0);
        }

        [Test(Description = "C18: a signal handler does not end a wait")]
        public void Handler()
        {
            Process program = Start("wait", "handled");
            UntilWaiting("handled", 1);
            // Mono's own handler prints the threads, and returns.
            Kill("QUIT", program);
            string line = program.StandardOutput.ReadLine();
            while (!line.Contains("Full thread dump"))
            {
                line = program.StandardOutput.ReadLine();
            }
            End(client.SignalAsync("handled", Data("n", 7)));
            Assert.AreEqual("7\n", program.StandardError.ReadToEnd());
            Assert.AreEqual(0, Compiler.End(program));
        }

        [Test(Description = "C22: a missing key is named when the client is made")]
        public void MissingKey()
        {
            string printed = Failure(Start("wait", "x", "ANCHORBROWSER_API_KEY"));
            StringAssert.Contains("ArgumentException", printed);
            StringAssert.Contains("ANCHORBROWSER_API_KEY", printed);
        }

        [Test(Description = "C38: the package is of the version of its library, and refuses another")]
        public void Version()
        {
            Assert.AreEqual(Native.TextOf(Native.anchor_version()), LibraryVersion.Package);
            // A folder of build.sh, with the programs and a library that says it is 9.9.9.
            string other = Path.Combine(Env("ANCHOR_TEST_OTHER"), "Program.exe");
            string printed = Failure(Compiler.Start("mono", other + " wait x"));
            StringAssert.Contains(
                $"AnchorEvents {LibraryVersion.Package} needs libanchor {LibraryVersion.Package}, and found 9.9.9", printed);
        }

        [Test(Description = "C42: garbage is collected during a wait")]
        public void Garbage()
        {
            Task<AnchorEvent> wait = new AnchorClient().WaitAsync("collected");
            UntilWaiting("collected", 1);
            for (int round = 0; round < 5; round++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            End(client.SignalAsync("collected", Data("still", "there")));
            Assert.AreEqual("there", End(wait).Data["still"]);
        }

        [Test(Description = "C43: a process exits with calls open")]
        public void Exit()
        {
            Process program = Start("exit", "open");
            UntilWaiting("open", 2);
            program.StandardInput.WriteLine();
            Assert.AreEqual(7, Compiler.End(program));
            UntilWaiting("open", 0);
        }

        [Test(Description = "C45: thousands of calls leave no memory and no descriptor behind")]
        public void Memory()
        {
            Calls(500);
            long[] before = Calls(200);
            long[] after = Calls(1500);
            // Answers that were not freed would be 12,000 KiB.
            Assert.Less(after[0] - before[0], 8000);
            Assert.LessOrEqual(after[1], before[1] + 2);
        }

        private long[] Calls(int count)
        {
            string filler = new string('x', 8192);
            for (int i = 0; i < count; i++)
            {
                using (var source = new System.Threading.CancellationTokenSource())
                {
                    End(client.SignalAsync("many", Data("filler", filler), null, source.Token));
                    End(client.WaitAsync("many", TimeSpan.Zero, source.Token));
                }
            }
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return new[] { OfProcess("VmRSS"), Directory.GetFiles("/proc/self/fd").LongLength };
        }

        private static Process Start(string what, string name, string without = null) => Compiler.Start(
            "env", $"--default-signal=INT mono {Path.Combine(Compiler.Folder, "Program.exe")} {what} {name}", without);

        private static void Kill(string signal, Process program) => Assert.AreEqual(
            0, Compiler.End(Compiler.Start("kill", $"-{signal} {program.Id}")));

        /// <summary>What a process prints that fails.</summary>
        private static string Failure(Process program)
        {
            string printed = program.StandardError.ReadToEnd();
            Assert.AreNotEqual(0, Compiler.End(program), printed);
            return printed;
        }
    }
}
