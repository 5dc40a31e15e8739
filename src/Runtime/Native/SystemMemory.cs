using System.Globalization;

namespace Tx.Runtime.Native;

/// <summary>How much memory the system can still give. Linux grants more than it has and ends the process that uses it, so that large
/// requests are compared with what is there.</summary>
internal static class SystemMemory
{
    /// <summary>Bytes that can be used without swapping; null where the system does not say.</summary>
    public static long? AvailableBytes()
    {
        const string Key = "MemAvailable:", Unit = " kB";
        try
        {
            foreach (string line in File.ReadLines("/proc/meminfo"))
            {
                if (!line.StartsWith(Key, StringComparison.Ordinal) || !line.EndsWith(Unit, StringComparison.Ordinal)) continue;
                return long.TryParse(line.AsSpan(Key.Length..^Unit.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out long kib) ? kib << 10 : null;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Hidden in this container: the limit of the allocator stands alone.
        }
        return null;
    }
}
