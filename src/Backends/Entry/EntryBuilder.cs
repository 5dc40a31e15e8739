using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Backends.Entry;

/// <summary>Writes the checks of an entry point: tensors and types, then sizes, then memory. It reads nothing through a pointer that it has not checked, writes
/// nothing, and no number that a caller passes makes its arithmetic overflow.</summary>
internal sealed class EntryBuilder
{
    private readonly EntryPlan _plan;
    private readonly List<EntryStatement> _code = [];
    private readonly EntryExpr[][] _shapes;
    private readonly EntryExpr[] _bytes;
    private EntryExpr _shared, _worker;
    private ImmutableArray<EntryExpr> _table = [];

    /// <summary>Names that a printer gives to parameters beside the tensors.</summary>
    public const string Arena = "arena", ArenaBytes = "arena_bytes", Workers = "workers";

    private EntryBuilder(EntryPlan plan)
    {
        _plan = plan;
        _shapes = new EntryExpr[plan.Parameters.Length][];
        _bytes = new EntryExpr[plan.Parameters.Length];
        (_shared, _worker) = (EntryExpr.I64(plan.SharedBytes), EntryExpr.I64(plan.WorkerBytes));
    }

    /// <summary>The checks before a call of the kernel.</summary>
    public static EntryChecks OfCall(EntryPlan plan)
    {
        var builder = new EntryBuilder(plan);
        var dims = builder.CheckSizes();
        builder.CheckMemory();
        var arena = builder.ArenaSize();
        builder.CheckArena(arena);
        return new([.. builder._code], dims, builder._table, arena);
    }

    /// <summary>The checks before the bytes of the arena are told: those of sizes.</summary>
    public static EntryChecks OfArena(EntryPlan plan)
    {
        var builder = new EntryBuilder(plan);
        var dims = builder.CheckSizes();
        var arena = builder.ArenaSize();
        return new([.. builder._code], dims, builder._table, arena);
    }

    private ImmutableArray<EntryExpr> CheckSizes()
    {
        for (int i = 0; i < _plan.Parameters.Length; i++) CheckTensor(i);
        ImmutableArray<EntryExpr> dims = _plan.Sizes is { } sizes ? [.. sizes.Dims.Select(Dimension)] : [];
        var steps = _plan.Sizes is { } s ? new SizeLowering(s.Values, dims, _plan.MaxBytes, _code) : null;
        for (int i = 0; i < _plan.Parameters.Length; i++) CheckShape(i, dims, steps);
        foreach (var c in _plan.Conditions)
        {
            var (value, isNumber) = steps!.Of(c.Step);
            FailIf(EntryExpr.Not(EntryExpr.And(isNumber, EntryExpr.Of(EntryOp.Ne, value, EntryExpr.I64(0)))), EntryCode.Size, -1, c.Text);
        }
        if (steps is not null && !_plan.Sizes!.Slots.IsEmpty) PlaceSlots(steps);
        return dims;
    }

    private void CheckTensor(int i)
    {
        var p = _plan.Parameters[i];
        FailIf(EntryExpr.IsNull(new EntryName(EntryType.Pointer, _plan.Arguments[i])), EntryCode.Null, i, $"`{p.Name}` is null");
        var rank = Field(i, TensorField.Rank);
        FailIf(EntryExpr.Of(EntryOp.Ne, rank, EntryExpr.I32(p.Shape.Length)), EntryCode.Rank, i, $"`{p.Name}` has {{0}} dimensions, and {Number(p.Shape.Length)} are needed", new EntryWide(rank));
        var type = Field(i, TensorField.Type);
        FailIf(EntryExpr.Of(EntryOp.Ne, type, EntryExpr.I32((int)p.Type)), EntryCode.Type, i, $"`{p.Name}` has elements of the type {{0}}, and {p.Type.Name} ({Number((int)p.Type)}) is needed", new EntryWide(type));
        if (p.Shape.Length > 0) FailIf(EntryExpr.IsNull(Field(i, TensorField.Shape)), EntryCode.Null, i, $"`{p.Name}` has no shape");
        _shapes[i] = [.. p.Shape.Select((_, d) => Let($"{_plan.Arguments[i]}_{Number(d)}", new EntryElement(Field(i, TensorField.Shape), d)))];
    }

    private EntryExpr Dimension(KernelDimension d)
    {
        var size = _shapes[d.Parameter][d.Dimension];
        string name = _plan.Parameters[d.Parameter].Name;
        FailIf(EntryExpr.Of(EntryOp.Lt, size, EntryExpr.I64(0)), EntryCode.Shape, d.Parameter, $"`{name}` has the extent {{0}} in dimension {Number(d.Dimension)}", size);
        FailIf(EntryExpr.Of(EntryOp.Gt, size, EntryExpr.I64(_plan.MaxBytes)), EntryCode.Size, d.Parameter, $"`{name}` is too large: its extent in dimension {Number(d.Dimension)} is {{0}}", size);
        return size;
    }

    private void CheckShape(int i, ImmutableArray<EntryExpr> dims, SizeLowering? steps)
    {
        var p = _plan.Parameters[i];
        EntryExpr bytes = EntryExpr.I64(p.Type.Bytes), isEmpty = EntryExpr.False;
        for (int d = 0; d < p.Shape.Length; d++)
        {
            EntryExpr needed;
            if (p.Shape[d] is { } known) needed = EntryExpr.I64(known);
            else
            {
                (needed, var isNumber) = steps!.Of(_plan.Sizes!.Shapes[i][d]);
                FailIf(EntryExpr.Not(isNumber), EntryCode.Size, i, $"dimension {Number(d)} of `{p.Name}` would not fit in 64 bits for these sizes");
            }
            // A dimension was read from this place.
            if (!dims.Contains(_shapes[i][d]) || needed != _shapes[i][d])
                FailIf(EntryExpr.Of(EntryOp.Ne, _shapes[i][d], needed), EntryCode.Shape, i, $"`{p.Name}` has the extent {{0}} in dimension {Number(d)}, and {{1}} is needed", _shapes[i][d], needed);
            if (needed is not EntryNumber && !dims.Contains(needed))
                FailIf(EntryExpr.Of(EntryOp.Lt, needed, EntryExpr.I64(0)), EntryCode.Size, i, $"dimension {Number(d)} of `{p.Name}` would be {{0}} for these sizes", needed);
            isEmpty = EntryExpr.Or(isEmpty, EntryExpr.Of(EntryOp.Eq, needed, EntryExpr.I64(0)));
            bytes = Times(bytes, Stored(p, d, needed), i, $"`{p.Name}` is too large for these sizes");
        }
        if (_plan.MaxElements < _plan.MaxBytes / p.Type.Bytes) FailIf(EntryExpr.Of(EntryOp.Gt, bytes, EntryExpr.I64(_plan.MaxElements * p.Type.Bytes)), EntryCode.Size, i, $"`{p.Name}` is too large for these sizes");
        _bytes[i] = isEmpty == EntryExpr.False ? bytes : Let($"{_plan.Arguments[i]}_bytes", Choose(isEmpty, EntryExpr.I64(0), bytes));
    }

    /// <summary>What an extent counts for: at least 1, so that an extent of 0 does not excuse the others. Packed elements fill whole bytes along the last dimension.</summary>
    private EntryExpr Stored(KernelParameter p, int d, EntryExpr extent)
    {
        int perByte = p.Type.IsPacked && d == p.Shape.Length - 1 ? 8 / p.Type.Bits : 1;
        if (extent is EntryNumber n) return EntryExpr.I64(Math.Max(1, (n.Value + perByte - 1) / perByte));
        var rows = perByte == 1 ? extent : new EntryOperation(EntryOp.SDiv, new EntryOperation(EntryOp.Add, extent, EntryExpr.I64(perByte - 1)), EntryExpr.I64(perByte));
        return new EntryChoice(new EntryOperation(EntryOp.Lt, rows, EntryExpr.I64(1)), EntryExpr.I64(1), rows);
    }

    /// <summary>A product of numbers from 1 on that stays within what memory can be.</summary>
    private EntryExpr Times(EntryExpr a, EntryExpr b, int argument, string refusal)
    {
        if (a is EntryNumber x && b is EntryNumber y)
        {
            var product = (Int128)x.Value * y.Value;
            // Every call fails then, and says so.
            return product <= _plan.MaxBytes ? EntryExpr.I64((long)product) : Refused(argument, refusal);
        }
        string id = NewName("b");
        _code.Add(new EntryCheckedLet(id, id + "_over", EntryOp.Mul, a, b));
        var value = new EntryName(EntryType.I64, id);
        FailIf(EntryExpr.Or(new EntryName(EntryType.Bool, id + "_over"), EntryExpr.Of(EntryOp.Gt, value, EntryExpr.I64(_plan.MaxBytes))), EntryCode.Size, argument, refusal);
        return value;
    }

    private EntryExpr Refused(int argument, string refusal)
    {
        FailIf(EntryExpr.True, EntryCode.Size, argument, refusal);
        return EntryExpr.I64(0);
    }

    // As CallPlan does: the table, then the shared part and its slots; the worker's part and its slots.
    private void PlaceSlots(SizeLowering steps)
    {
        var slots = _plan.Sizes!.Slots;
        var table = new EntryExpr[SymbolicSizes.FixedEntries + slots.Length];
        _shared = EntryExpr.I64(_plan.SharedBytes + (_plan.HasTable ? SymbolicSizes.TableBytes(slots.Length) : 0));
        for (int i = 0; i < slots.Length; i++)
        {
            EntryExpr bytes = EntryExpr.I64(0);
            foreach (var b in slots[i].Buffers)
            {
                EntryExpr own = EntryExpr.I64(b.ElementBytes), isEmpty = EntryExpr.False;
                string refusal = $"`{b.Name}` would be too large for these sizes";
                foreach (int step in b.Shape)
                {
                    var (extent, isNumber) = steps.Of(step);
                    FailIf(EntryExpr.Not(isNumber), EntryCode.Size, -1, refusal);
                    isEmpty = EntryExpr.Or(isEmpty, EntryExpr.Of(EntryOp.Lt, extent, EntryExpr.I64(1)));
                    own = Times(own, extent is EntryNumber n ? EntryExpr.I64(Math.Max(1, n.Value)) : new EntryChoice(EntryExpr.Of(EntryOp.Lt, extent, EntryExpr.I64(1)), EntryExpr.I64(1), extent), -1, refusal);
                }
                own = Let(NewName("slot"), Choose(isEmpty, EntryExpr.I64(0), own));
                bytes = bytes is EntryNumber { Value: 0 } ? own : Let(NewName("slot"), Choose(EntryExpr.Of(EntryOp.Gt, own, bytes), own, bytes));
            }
            var offset = slots[i].IsPerWorker ? _worker : _shared;
            // Slots are few and each is below 2^47 bytes: the sum fits.
            var end = Let(NewName("end"), EntryExpr.Of(EntryOp.Add, offset, new EntryOperation(EntryOp.And, EntryExpr.Of(EntryOp.Add, bytes, EntryExpr.I64(EntryPlan.ArenaAlignment - 1)), EntryExpr.I64(-EntryPlan.ArenaAlignment))));
            FailIf(EntryExpr.Of(EntryOp.Gt, end, EntryExpr.I64(_plan.MaxBytes)), EntryCode.Size, -1, "the arena would be too large for these sizes");
            table[SymbolicSizes.FixedEntries + i] = offset;
            if (slots[i].IsPerWorker) _worker = end;
            else _shared = end;
        }
        (table[0], table[1]) = (_worker, _shared);
        if (_plan.HasTable) _table = [.. table];
    }

    // Of all workers. Their number fits in 31 bits, so that the product may not fit in 64.
    private EntryExpr ArenaSize()
    {
        if (_worker is EntryNumber { Value: 0 }) return _shared;
        if (!_plan.IsParallel) return Let(NewName("all"), EntryExpr.Of(EntryOp.Add, _shared, _worker));
        var own = Times(Let(NewName("own"), new EntryChoice(new EntryOperation(EntryOp.Lt, _worker, EntryExpr.I64(1)), EntryExpr.I64(1), _worker)), new EntryName(EntryType.I64, Workers), -1, "the arena would be too large for these sizes and workers");
        var all = Let(NewName("all"), EntryExpr.Of(EntryOp.Add, _shared, own));
        FailIf(EntryExpr.Of(EntryOp.Gt, all, EntryExpr.I64(_plan.MaxBytes)), EntryCode.Size, -1, "the arena would be too large for these sizes and workers");
        return all;
    }

    private void CheckMemory()
    {
        long top = _plan.MaxBytes == int.MaxValue ? uint.MaxValue : long.MaxValue;
        for (int i = 0; i < _plan.Parameters.Length; i++)
        {
            var p = _plan.Parameters[i];
            CheckStrides(i);
            var isThere = EntryExpr.Of(EntryOp.Gt, _bytes[i], EntryExpr.I64(0));
            if (isThere != EntryExpr.False) FailIf(EntryExpr.And(isThere, EntryExpr.IsNull(Field(i, TensorField.Data))), EntryCode.Null, i, $"`{p.Name}` has no data");
            var address = Let($"{_plan.Arguments[i]}_at", new EntryWide(Field(i, TensorField.Data)));
            int alignment = Math.Max(p.Type.Bytes, p.Alignment);
            if (alignment > 1)
                FailIf(EntryExpr.And(isThere, EntryExpr.Of(EntryOp.Ne, new EntryOperation(EntryOp.And, address, EntryExpr.I64(alignment - 1)), EntryExpr.I64(0))), EntryCode.Alignment, i, $"`{p.Name}` must start at a multiple of {Number(alignment)} bytes");
            FailIf(new EntryOperation(EntryOp.UGt, address, EntryExpr.Of(EntryOp.Sub, EntryExpr.I64(top), _bytes[i])), EntryCode.Size, i, $"`{p.Name}` would reach beyond the end of memory");
        }
        for (int o = 0; o < _plan.Parameters.Length; o++)
            for (int i = 0; i < _plan.Parameters.Length; i++)
                if (_plan.Parameters[o].IsOutput && i != o && !(_plan.Parameters[i].IsOutput && i < o))
                    CheckApart(At(o), _bytes[o], At(i), _bytes[i], o, $"`{_plan.Parameters[o].Name}` and `{_plan.Parameters[i].Name}` share memory");
    }

    private void CheckStrides(int i)
    {
        var p = _plan.Parameters[i];
        if (p.Shape.Length == 0) return;
        var strides = Field(i, TensorField.Strides);
        if (p.Type.IsPacked)
        {
            FailIf(EntryExpr.Not(EntryExpr.IsNull(strides)), EntryCode.Strides, i, $"`{p.Name}` holds packed elements and must have no strides: it is contiguous");
            return;
        }
        var body = new List<EntryStatement>();
        EntryExpr needed = EntryExpr.I64(1);
        for (int d = p.Shape.Length - 1; d >= 0; d--)
        {
            var extent = p.Shape[d] is { } known ? EntryExpr.I64(known) : _shapes[i][d];
            string id = $"{_plan.Arguments[i]}_stride_{Number(d)}";
            body.Add(new EntryLet(id, new EntryElement(strides, d)));
            var stride = new EntryName(EntryType.I64, id);
            // Where there is one element along a dimension, nothing is skipped.
            var wrong = EntryExpr.And(EntryExpr.Of(EntryOp.Gt, extent, EntryExpr.I64(1)), EntryExpr.Of(EntryOp.Ne, stride, needed));
            if (wrong != EntryExpr.False)
                body.Add(new EntryFailIf(wrong, new(EntryCode.Strides, i, $"`{p.Name}` has the stride {{0}} in dimension {Number(d)}, and {{1}} is needed: it must be contiguous", [stride, needed])));
            if (d == 0) break;
            if (extent is EntryNumber n && needed is EntryNumber m) needed = EntryExpr.I64(m.Value * Math.Max(1, n.Value));
            else
            {
                string next = $"{_plan.Arguments[i]}_needed_{Number(d)}";
                // The bytes of the tensor were found to be few.
                body.Add(new EntryLet(next, new EntryOperation(EntryOp.Mul, needed, new EntryChoice(EntryExpr.Of(EntryOp.Lt, extent, EntryExpr.I64(1)), EntryExpr.I64(1), extent))));
                needed = new EntryName(EntryType.I64, next);
            }
        }
        // Those of an empty tensor lead nowhere.
        _code.Add(new EntryWhen(EntryExpr.And(EntryExpr.Of(EntryOp.Gt, _bytes[i], EntryExpr.I64(0)), EntryExpr.Not(EntryExpr.IsNull(strides))), [.. body]));
    }

    private EntryExpr At(int i) => new EntryName(EntryType.I64, $"{_plan.Arguments[i]}_at");

    private void CheckApart(EntryExpr a, EntryExpr aBytes, EntryExpr b, EntryExpr bBytes, int argument, string refusal)
    {
        var meets = EntryExpr.And(new EntryOperation(EntryOp.ULt, a, EntryExpr.Of(EntryOp.Add, b, bBytes)), new EntryOperation(EntryOp.ULt, b, EntryExpr.Of(EntryOp.Add, a, aBytes)));
        var areThere = EntryExpr.And(EntryExpr.Of(EntryOp.Gt, aBytes, EntryExpr.I64(0)), EntryExpr.Of(EntryOp.Gt, bBytes, EntryExpr.I64(0)));
        FailIf(EntryExpr.And(areThere, meets), EntryCode.Overlap, argument, refusal);
    }

    private void CheckArena(EntryExpr needed)
    {
        if (needed is EntryNumber { Value: 0 }) return;
        var arena = new EntryName(EntryType.Pointer, Arena);
        var given = new EntryName(EntryType.I64, ArenaBytes);
        var isNeeded = EntryExpr.Of(EntryOp.Gt, needed, EntryExpr.I64(0));
        FailIf(EntryExpr.And(isNeeded, EntryExpr.IsNull(arena)), EntryCode.Arena, -1, "an arena of {0} bytes is needed, and there is none", needed);
        FailIf(EntryExpr.And(isNeeded, new EntryOperation(EntryOp.ULt, given, needed)), EntryCode.Arena, -1, "an arena of {0} bytes is needed, and it has {1}", needed, given);
        var at = Let("arena_at", new EntryWide(arena));
        FailIf(EntryExpr.And(isNeeded, EntryExpr.Of(EntryOp.Ne, new EntryOperation(EntryOp.And, at, EntryExpr.I64(EntryPlan.ArenaAlignment - 1)), EntryExpr.I64(0))), EntryCode.Arena, -1, $"the arena must start at a multiple of {Number(EntryPlan.ArenaAlignment)} bytes");
        long top = _plan.MaxBytes == int.MaxValue ? uint.MaxValue : long.MaxValue;
        FailIf(EntryExpr.And(isNeeded, new EntryOperation(EntryOp.UGt, at, EntryExpr.Of(EntryOp.Sub, EntryExpr.I64(top), needed))), EntryCode.Arena, -1, "the arena would reach beyond the end of memory");
        for (int i = 0; i < _plan.Parameters.Length; i++) CheckApart(at, needed, At(i), _bytes[i], i, $"`{_plan.Parameters[i].Name}` and the arena share memory");
    }

    private EntryField Field(int i, TensorField field) => new(_plan.Arguments[i], field);

    private void FailIf(EntryExpr condition, EntryCode code, int argument, string text, params ReadOnlySpan<EntryExpr> values)
    {
        if (condition != EntryExpr.False) _code.Add(new EntryFailIf(condition, new(code, argument, text, [.. values])));
    }

    private EntryExpr Let(string id, EntryExpr value)
    {
        if (value is EntryNumber or EntryName) return value;
        _code.Add(new EntryLet(id, value));
        return new EntryName(value.Type, id);
    }

    private static EntryExpr Choose(EntryExpr condition, EntryExpr then, EntryExpr @else) => condition == EntryExpr.True ? then : condition == EntryExpr.False ? @else : new EntryChoice(condition, then, @else);

    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    private string NewName(string hint)
    {
        int n = _names[hint] = _names.GetValueOrDefault(hint) + 1;
        return $"{hint}_{Number(n)}";
    }

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);
}
