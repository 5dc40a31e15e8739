using System.Security.Cryptography;
using System.Text;

namespace Tx.Backends.Llvm;

/// <summary>A hash that is the same in every process: 64 bits of SHA-256, as 16 hexadecimal digits.</summary>
internal static class StableHash
{
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
