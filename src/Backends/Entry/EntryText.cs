using System.Text;

namespace Tx.Backends.Entry;

/// <summary>Texts of refusals as the library holds them: a byte from 1 on stands for a value, one from 5 on for a value of which 0 is not shown.</summary>
internal static class EntryText
{
    public const int MaxValues = 4, FirstValue = 1, FirstHidden = FirstValue + MaxValues;

    /// <summary>A composite format as those bytes, without the 0 at the end.</summary>
    public static byte[] Encode(string format)
    {
        var text = new List<byte>();
        byte[] bytes = Encoding.UTF8.GetBytes(format);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            if (b is (byte)'{' or (byte)'}' && i + 1 < bytes.Length && bytes[i + 1] == b) text.Add(bytes[i++]);
            else if (b is (byte)'{' && i + 2 < bytes.Length && bytes[i + 1] is >= (byte)'0' and < (byte)('0' + MaxValues))
            {
                int end = Array.IndexOf(bytes, (byte)'}', i);
                text.Add((byte)((end == i + 2 ? FirstValue : FirstHidden) + bytes[i + 1] - '0'));
                i = end;
            }
            else if (b >= FirstHidden + MaxValues) text.Add(b);
        }
        return [.. text];
    }
}
