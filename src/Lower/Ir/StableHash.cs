using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tx.Lower.Ir;

/// <summary>A hash that is the same in every process and on every machine: half of the SHA-256 of the printed text, names, shapes and targets included. Caches
/// and kept evidence are keyed by it.</summary>
public static class StableHash
{
    public static UInt128 Of(LoopModule m) => OfText(IrPrinter.Print(m));
    public static UInt128 Of(LoopFunction f) => OfText(IrPrinter.Print(f));

    /// <summary>The same for any other text that goes into a key.</summary>
    public static UInt128 OfText(string text) => BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
