using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace AnchorEvents.Tests
{
    /// <summary>Compiles programs of the README, and what must not compile.</summary>
    internal static class Compiler
    {
        /// <summary>The folder of the package, the library and the tests.</summary>
        internal static string Folder => Path.GetDirectoryName(typeof(Compiler).Assembly.Location);

        internal static bool Compile(string text, string options, out string printed)
        {
            string source = Path.Combine(Folder, Path.GetRandomFileName() + ".cs");
            File.WriteAllText(source, text);
            try
            {
                string target = options.Contains("-out:") ? "" : "-out:" + source + ".dll ";
                Process compiler = Start(
                    "mcs", $"-langversion:7.2 -warn:4 -warnaserror {options} {target}-lib:{Folder} -r:AnchorEvents.dll {source}");
                printed = compiler.StandardOutput.ReadToEnd() + compiler.StandardError.ReadToEnd();
                return End(compiler) == 0;
            }
            finally
            {
                File.Delete(source);
                File.Delete(source + ".dll");
            }
        }

        internal static Process Start(string program, string arguments, string without = null, string folder = null)
        {
            var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true,
                RedirectStandardOutput = true, RedirectStandardError = true };
            if (without != null)
            {
                start.EnvironmentVariables.Remove(without);
            }
            if (folder != null)
            {
                start.EnvironmentVariables["LD_LIBRARY_PATH"] = folder;
            }
            Process process = Process.Start(start);
            // Otherwise one that hangs would be read from for ever.
            Task.Delay(TestServer.Patience)
                .ContinueWith(
                    _ => Kill(process));
            return process;
        }

        private static void Kill(Process process)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        internal static int End(Process process)
        {
            if (!process.WaitForExit((int)TestServer.Patience.TotalMilliseconds))
            {
                process.Kill();
                throw new TimeoutException("the process does not end");
            }
            return process.ExitCode;
        }
    }
}
