using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace AnchorEvents
{
    /// <summary>Writes the data of a signal as JSON. What JSON cannot express is an ArgumentException, which does not show
    /// it.</summary>
    internal sealed class JsonWriter
    {
        private static readonly Type[] Numbers = {
            typeof(byte),
            typeof(sbyte),
            typeof(short),
            typeof(ushort),
            typeof(int),
            typeof(uint),
            typeof(long),
            typeof(ulong),
            typeof(decimal),
            typeof(BigInteger),
        };

        private readonly StringBuilder text = new StringBuilder();

        private JsonWriter()
        {
        }

        internal static string Object(IDictionary<string, object> data)
        {
            var writer = new JsonWriter();
            writer.Members(data, 0);
            return writer.text.ToString();
        }

        private void Value(object value, int level)
        {
            if (level > Json.MostLevels)
            {
                throw new ArgumentException("data has too many levels");
            }
            if (value is string words)
            {
                String(words);
            }
            else if (value is IDictionary<string, object> members)
            {
                Members(members, level);
            }
            else if (value is IDictionary others)
            {
                Members(Pairs(others), level);
            }
            else if (value is IEnumerable items)
            {
                Items(items, level);
            }
            else
            {
                text.Append(Scalar(value));
            }
        }

        private static string Scalar(object value)
        {
            if (value == null)
            {
                return "null";
            }
            if (value is bool flag)
            {
                return flag ? "true" : "false";
            }
            if (value is double || value is float)
            {
                return Finite(Convert.ToDouble(value), ((IFormattable)value).ToString("R", CultureInfo.InvariantCulture));
            }
            if (Array.IndexOf(Numbers, value.GetType()) >= 0)
            {
                return ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture);
            }
            throw new ArgumentException("data contains a " + value.GetType());
        }

        private static IEnumerable<KeyValuePair<string, object>> Pairs(IDictionary members)
        {
            foreach (DictionaryEntry member in members)
            {
                if (!(member.Key is string name))
                {
                    throw new ArgumentException("data contains a dictionary with a key that is not a string");
                }
                yield return new KeyValuePair<string, object>(name, member.Value);
            }
        }

        private void Members(IEnumerable<KeyValuePair<string, object>> members, int level)
        {
            string separator = "{";
            foreach (KeyValuePair<string, object> member in members)
            {
                text.Append(separator);
                String(member.Key);
                text.Append(':');
                Value(member.Value, level + 1);
                separator = ",";
            }
            text.Append(separator == "{" ? "{}" : "}");
        }

        private void Items(IEnumerable items, int level)
        {
            string separator = "[";
            foreach (object item in items)
            {
                text.Append(separator);
                Value(item, level + 1);
                separator = ",";
            }
            text.Append(separator == "[" ? "[]" : "]");
        }

        private static string Finite(double number, string written)
        {
            if (double.IsNaN(number) || double.IsInfinity(number))
            {
                throw new ArgumentException("data contains " + written);
            }
            return written;
        }

        private void String(string value)
        {
            Arguments.CheckSurrogates("data", value);
            text.Append('"');
            foreach (char c in value)
            {
                if (c == '"' || c == '\\')
                {
                    text.Append('\\').Append(c);
                }
                else if (c < ' ')
                {
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                }
                else
                {
                    text.Append(c);
                }
            }
            text.Append('"');
        }
    }
}
