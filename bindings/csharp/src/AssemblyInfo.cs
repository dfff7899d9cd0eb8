using System.Reflection;
using System.Runtime.CompilerServices;

[assembly:AssemblyTitle("AnchorEvents")]
[assembly:AssemblyVersion("0.1.0.0")]
[assembly:InternalsVisibleTo("AnchorEvents.Tests")]
