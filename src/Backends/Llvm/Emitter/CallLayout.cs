namespace Tx.Backends.Llvm;

/// <summary>Byte offsets and codes of the kernel ABI, version 1: <see cref="Tx.Runtime.TxCall"/>, <see cref="Tx.Runtime.TxBuffer"/> and
/// <see cref="Tx.Runtime.TxError"/>. A test compares them with the structures.</summary>
internal static class CallLayout
{
    public const int Version = 0, Buffers = 8, Workspace = 16, Launch = 32, LaunchState = 40, Cancel = 48, Error = 56;
    public const int BufferBytes = 40, BufferData = 0, BufferShape = 8, BufferStrides = 16, BufferOffset = 24;
    public const int ErrorMessage = 0, ErrorCount = 4, ErrorValues = 8, ErrorMaxValues = 4;

    /// <summary>What a kernel returns; 0 is success. <see cref="WrongVersion"/>: the call was made for another ABI.</summary>
    public const int Failed = 1, Cancelled = 2, WrongVersion = 3;
}
