using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NUnit.Framework;

namespace AnchorEvents.Tests
{
    /// <summary>The .nupkg as it was built, and the programs of its README.</summary>
    [TestFixture]
    internal class PackageTests
    {
        private static readonly string Package = TestServer.Env("ANCHOR_TEST_NUPKG");

        [Test]
        public void ThePackageHasWhatNuGetLooksFor()
        {
            using (ZipArchive zip = ZipFile.OpenRead(Package))
            {
                var expected = new[] {
                    "AnchorEvents.nuspec",
                    "LICENSE-APACHE",
                    "LICENSE-MIT",
                    "README.md",
                    "[Content_Types].xml",
                    "_rels/.rels",
                    "lib/netstandard2.0/AnchorEvents.dll",
                    "lib/netstandard2.0/AnchorEvents.xml",
                    "runtimes/linux-x64/native/libanchor.so",
                };
                CollectionAssert.AreEquivalent(expected, zip.Entries.Select(it => it.FullName));
                XElement types = Xml(zip, "[Content_Types].xml");
                XNamespace packaging = types.Name.Namespace;
                var extensions = types.Elements(packaging + "Default").Select(it => it.Attribute("Extension").Value);
                CollectionAssert.AreEquivalent(new[] { "dll", "md", "nuspec", "rels", "so", "xml" }, extensions);
                CollectionAssert.AreEquivalent(new[] { "/LICENSE-APACHE", "/LICENSE-MIT" },
                    types.Elements(packaging + "Override").Select(it => it.Attribute("PartName").Value));
                Assert.AreEqual("/AnchorEvents.nuspec", Xml(zip, "_rels/.rels").Elements().Single().Attribute("Target").Value);
                XElement metadata = Xml(zip, "AnchorEvents.nuspec").Elements().Single();
                XNamespace names = metadata.Name.Namespace;
                Assert.AreEqual("AnchorEvents", metadata.Element(names + "id").Value);
                Assert.AreEqual(LibraryVersion.Package, metadata.Element(names + "version").Value);
                Assert.AreEqual("MIT OR Apache-2.0", metadata.Element(names + "license").Value);
                Assert.AreEqual("README.md", metadata.Element(names + "readme").Value);
            }
        }

        [Test]
        public void TheAssemblyNeedsOnlyWhatNetstandardHas()
        {
            // Each of them is in netstandard2.0 as an assembly that forwards its types.
            var known = new[] { "mscorlib", "System", "System.Core", "System.Numerics" };
            var needed = typeof(AnchorClient).Assembly.GetReferencedAssemblies().Select(it => it.Name);
            CollectionAssert.IsSubsetOf(needed, known);
        }

        [Test]
        public void TheProgramsOfTheReadmeRunAsTheyStandThere()
        {
            string readme;
            using (ZipArchive zip = ZipFile.OpenRead(Package)) using (
                var reader = new StreamReader(zip.GetEntry("README.md").Open()))
            {
                readme = reader.ReadToEnd();
            }
            var programs = Regex.Matches(readme, "```csharp\n(.*?)```", RegexOptions.Singleline).Cast<Match>().ToList();
            var printed = new[] { "123456", "500\n1", "cancelled", "Timeout in receive" };
            Assert.AreEqual(printed.Length, programs.Count);
            for (int i = 0; i < printed.Length; i++)
            {
                Assert.AreEqual(printed[i], Run(programs[i].Groups[1].Value));
            }
        }

        private static XElement Xml(ZipArchive zip, string name)
        {
            using (Stream stream = zip.GetEntry(name).Open())
            {
                return XElement.Load(stream);
            }
        }

        private static string Run(string block)
        {
            // Mono's compiler does not know statements outside of a class.
            string usings = string.Concat(
                Regex.Matches(block, "^using [^(]*?;\n", RegexOptions.Multiline).Cast<Match>().Select(it => it.Value));
            string body = block.Substring(usings.Length);
            string program = usings + "class Readme { static async System.Threading.Tasks.Task Run() {" + body +
                             "} static void Main() { Run().GetAwaiter().GetResult(); } }";
            string file = Path.Combine(Compiler.Folder, "Readme.exe");
            Assert.IsTrue(Compiler.Compile(program, "-out:" + file, out string output), output);
            var process = Compiler.Start("mono", file);
            string printed = process.StandardOutput.ReadToEnd();
            Assert.AreEqual(0, Compiler.End(process), process.StandardError.ReadToEnd());
            return printed.Trim();
        }
    }
}
