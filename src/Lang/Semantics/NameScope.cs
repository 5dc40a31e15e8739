using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>The one namespace of an operator: dimensions, tensors, constants and the indices in force; behind it the constants of the file.</summary>
internal sealed class NameScope(ModuleBinder module)
{
    private readonly Dictionary<string, Symbol> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ElementType> _types = new(StringComparer.Ordinal);

    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);

    public ModuleBinder Module { get; } = module;

    /// <summary>True the first time that a name is found to be unknown: a name misspelt twice is one mistake.</summary>
    public bool IsNews(string name) => _reported.Add(name);

    /// <summary>What may have been meant by a wrong name, besides functions.</summary>
    public IEnumerable<string> Names => _symbols.Keys.Concat(Module.Table.Consts.Keys);
    /// <summary>The operators that may be called: all but this one.</summary>
    public IEnumerable<string> Callable => Module.Table.Operators.Keys.Where(name => name != Operator);

    /// <summary>The operator whose names these are; empty for constants of the file.</summary>
    public string Operator { get; set; } = "";
    public IEnumerable<string> Tensors => _symbols.Where(s => s.Value is TensorName).Select(s => s.Key);

    public Symbol? Find(string name) => _symbols.TryGetValue(name, out var symbol) ? symbol : Module.FindConst(name);

    /// <summary>A name of the operator itself, not of the file.</summary>
    public Symbol? FindLocal(string name) => _symbols.GetValueOrDefault(name);

    public bool TryAdd(string name, Symbol symbol) => _symbols.TryAdd(name, symbol);
    public void Set(string name, Symbol symbol) => _symbols[name] = symbol;
    public void Remove(string name) => _symbols.Remove(name);

    public void AddType(string name, ElementType type) => _types[name] = type;
    /// <summary>An element type by its name, or what a generic stands for.</summary>
    public bool TryType(string name, out ElementType type) => _types.TryGetValue(name, out type) || ElementTypes.TryParse(name, out type);
    public IEnumerable<string> TypeNames => _types.Keys.Concat(Enum.GetValues<ElementType>().Select(t => t.Name));
}
