namespace Tx.Runtime;

/// <summary>Which views a variant of a kernel takes; it reads their strides from each call.</summary>
public enum ViewKind : byte
{
    /// <summary>Neighbours in the last dimension are neighbours in memory; rows lie anywhere.</summary>
    Rows,
    /// <summary>Any strides of 0 or more.</summary>
    Any,
}
