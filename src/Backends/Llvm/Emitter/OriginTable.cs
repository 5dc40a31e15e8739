using System.Text;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>Debug locations for reading assembly: the line of an instruction is the number of its statement's origin in this table, from 1; 0 where it has none.
/// Nothing else of the code depends on it.</summary>
internal sealed class OriginTable
{
    // Below are the numbers of the module's own metadata.
    private const int FirstNode = 16;

    private readonly List<Origin> _origins = [];
    private readonly Dictionary<Origin, int> _numbers = [];
    private readonly StringBuilder _nodes = new();
    private readonly Dictionary<(int Scope, int Line), int> _locations = [];
    private int _next = FirstNode + 4;

    /// <summary>The origin of line n is at n − 1.</summary>
    public IReadOnlyList<Origin> Origins => _origins;

    /// <summary>A function that locations stand in; gives its number.</summary>
    public int AddFunction(string symbol)
    {
        int scope = _next++;
        _nodes.Append(LlvmText.Culture, $"!{scope} = distinct !DISubprogram(name: \"{LlvmText.Name(symbol).Trim('"')}\", scope: !{FirstNode + 1}, file: !{FirstNode + 1}, line: 0, type: !{FirstNode + 2}, spFlags: DISPFlagDefinition, unit: !{FirstNode})\n");
        return scope;
    }

    /// <summary>What an instruction of a function says about its origin.</summary>
    public string LocationOf(Origin? origin, int scope)
    {
        int line = 0;
        if (origin is not null && !_numbers.TryGetValue(origin, out line))
        {
            _origins.Add(origin);
            _numbers.Add(origin, line = _origins.Count);
        }
        if (!_locations.TryGetValue((scope, line), out int location))
        {
            _locations.Add((scope, line), location = _next++);
            _nodes.Append(LlvmText.Culture, $"!{location} = !DILocation(line: {line}, scope: !{scope})\n");
        }
        return $", !dbg !{LlvmText.Number(location)}";
    }

    /// <summary>The metadata for the end of the module: lines only, no other debug information.</summary>
    public string Metadata() =>
        $"!llvm.dbg.cu = !{{!{FirstNode}}}\n!llvm.module.flags = !{{!{FirstNode + 3}}}\n"
        + $"!{FirstNode} = distinct !DICompileUnit(language: DW_LANG_C11, file: !{FirstNode + 1}, isOptimized: true, runtimeVersion: 0, emissionKind: DebugDirectivesOnly)\n"
        + $"!{FirstNode + 1} = !DIFile(filename: \"kernel\", directory: \"\")\n!{FirstNode + 2} = !DISubroutineType(types: !{{}})\n!{FirstNode + 3} = !{{i32 2, !\"Debug Info Version\", i32 3}}\n{_nodes}";
}
