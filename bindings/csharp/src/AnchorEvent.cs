using System.Collections.Generic;

namespace AnchorEvents
{
    /// <summary>An event that was signaled. Printing it does not show the data, so that no log has it.</summary>
    public sealed class AnchorEvent
    {
        private IReadOnlyDictionary<string, object> data;

        internal AnchorEvent(string name, string raw)
        {
            Name = name;
            Raw = raw;
        }

        /// <summary>The name that was waited for.</summary>
        public string Name { get; }

        /// <summary>The service's answer, as it was, for a JSON library.</summary>
        public string Raw { get; }

        /// <summary>What was signaled. Its values are Dictionary and List of object, string, bool, null, and for numbers long,
        /// BigInteger or double.</summary>
        public IReadOnlyDictionary<string, object> Data
        {
            get {
                if (data == null)
                {
                    bool isThere = Json.Object(Raw).TryGetValue("data", out object value);
                    data = isThere && value is Dictionary<string, object> found ? found : new Dictionary<string, object>();
                }
                return data;
            }
        }

        /// <inheritdoc/>
        public override string ToString() => "AnchorEvent(" + Name + ")";
    }
}
