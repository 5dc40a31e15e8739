using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>The header of a <c>.npy</c> file (NEP 1, versions 1.0 to 3.0): a magic string, a version, a length, and a Python dictionary
/// with the keys <c>descr</c>, <c>fortran_order</c> and <c>shape</c>.</summary>
internal sealed record NpyHeader(ElementType Type, bool IsBigEndian, bool IsFortranOrder, ImmutableArray<long> Shape)
{
    public const int MagicBytes = 6, PrefixBytes = 8;
    // NumPy itself refuses longer ones unless it is told to trust the file.
    private const int MaxTextBytes = 1 << 16;
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header from the start of a stream and leaves it at the first byte of data.</summary>
    public static NpyHeader Read(Stream stream, string path)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (stream.ReadAtLeast(prefix, PrefixBytes, throwOnEndOfStream: false) < PrefixBytes || !prefix.StartsWith(Magic))
            throw new DiagnosticException(RuntimeDiagnostics.NotNpy, null, path, "it does not begin with the magic string");
        int version = prefix[6];
        if (version is < 1 or > 3) throw new DiagnosticException(RuntimeDiagnostics.NotNpy, null, path, $"its format version is {version}.{prefix[7]}");

        Span<byte> lengthBytes = stackalloc byte[4];
        lengthBytes.Clear();
        int lengthSize = version == 1 ? 2 : 4;
        if (stream.ReadAtLeast(lengthBytes[..lengthSize], lengthSize, throwOnEndOfStream: false) < lengthSize) throw Malformed(path, "it ends early");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > MaxTextBytes) throw Malformed(path, $"it announces {length} bytes of text");
        byte[] text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length) throw Malformed(path, "it ends early");
        return Parse(version == 3 ? Encoding.UTF8.GetString(text) : Encoding.Latin1.GetString(text), path);
    }

    /// <summary>The bytes up to the data, which then starts on a multiple of 64.</summary>
    public byte[] ToBytes()
    {
        string shape = Shape.Length == 1 ? $"({Number(Shape[0])},)" : $"({string.Join(", ", Shape.Select(Number))})";
        string text = $"{{'descr': '{Descriptor}', 'fortran_order': {(IsFortranOrder ? "True" : "False")}, 'shape': {shape}, }}";
        int version = text.Length + 64 < ushort.MaxValue ? 1 : 2;
        int prefix = PrefixBytes + (version == 1 ? 2 : 4);
        int total = (prefix + text.Length + 1 + 63) / 64 * 64;
        byte[] bytes = new byte[total];
        Magic.CopyTo(bytes);
        bytes[6] = (byte)version;
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(PrefixBytes), (ushort)(total - prefix));
        else BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(PrefixBytes), total - prefix);
        bytes.AsSpan(prefix).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(prefix));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    private string Descriptor
    {
        get
        {
            char order = Type.Bytes == 1 ? '|' : IsBigEndian ? '>' : '<';
            if (Type is ElementType.BF16) return IsBigEndian ? ">V2" : "<V2";
            char kind = Type is ElementType.Bool ? 'b' : Type.IsFloat ? 'f' : Type.IsUnsigned ? 'u' : 'i';
            return string.Create(CultureInfo.InvariantCulture, $"{order}{kind}{Type.Bytes}");
        }
    }

    private static NpyHeader Parse(string text, string path)
    {
        var reader = new PythonReader(text, path);
        string? descriptor = null;
        bool? isFortran = null;
        ImmutableArray<long>? shape = null;
        reader.Expect('{');
        while (!reader.TryTake('}'))
        {
            string key = reader.String();
            reader.Expect(':');
            switch (key)
            {
                case "descr" when descriptor is null: descriptor = reader.String(); break;
                case "fortran_order" when isFortran is null: isFortran = reader.Bool(); break;
                case "shape" when shape is null: shape = reader.Tuple(); break;
                default: throw Malformed(path, $"the key '{key}' is unknown or stands twice");
            }
            if (!reader.TryTake(','))
            {
                reader.Expect('}');
                break;
            }
        }
        reader.ExpectEnd();
        if (descriptor is null || isFortran is null || shape is null) throw Malformed(path, "it lacks one of 'descr', 'fortran_order', 'shape'");
        var (type, isBigEndian) = ParseDescriptor(descriptor, path);
        return new(type, isBigEndian, isFortran.Value, shape.Value);
    }

    private static (ElementType Type, bool IsBigEndian) ParseDescriptor(string descriptor, string path)
    {
        ElementType? type = descriptor.Length < 2 || !"<>|=".Contains(descriptor[0], StringComparison.Ordinal) ? null : descriptor[1..] switch
        {
            "b1" => ElementType.Bool, "f2" => ElementType.F16,
            // What NumPy writes for the `bfloat16` of other packages, which it does not know.
            "V2" when descriptor[0] is '<' or '>' => ElementType.BF16,
            "f4" => ElementType.F32, "f8" => ElementType.F64,
            "i1" => ElementType.I8, "i2" => ElementType.I16, "i4" => ElementType.I32, "i8" => ElementType.I64,
            "u1" => ElementType.U8, "u2" => ElementType.U16, "u4" => ElementType.U32, "u8" => ElementType.U64,
            _ => null,
        };
        return type is { } t
            ? (t, descriptor[0] == '>' || (descriptor[0] == '=' && !BitConverter.IsLittleEndian))
            : throw new DiagnosticException(RuntimeDiagnostics.UnsupportedNpyType, null, path, descriptor);
    }

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);

    private static DiagnosticException Malformed(string path, string reason) => new(RuntimeDiagnostics.BadNpyHeader, null, path, reason);

    /// <summary>The literals of Python that a header may hold.</summary>
    private ref struct PythonReader(string text, string path)
    {
        private int _position;

        public bool TryTake(char c)
        {
            SkipSpace();
            if (_position >= text.Length || text[_position] != c) return false;
            _position++;
            return true;
        }

        public void Expect(char c)
        {
            if (!TryTake(c)) throw Malformed(path, $"`{c}` is missing at position {_position}");
        }

        public void ExpectEnd()
        {
            SkipSpace();
            if (_position < text.Length) throw Malformed(path, $"more text follows at position {_position}");
        }

        public string String()
        {
            char quote = TryTake('"') ? '"' : '\'';
            if (quote == '\'')
            {
                // A structured type is a list.
                if (TryTake('[')) throw new DiagnosticException(RuntimeDiagnostics.UnsupportedNpyType, null, path, "structured");
                Expect('\'');
            }
            int end = text.IndexOf(quote, _position);
            if (end < 0) throw Malformed(path, $"`{quote}` is missing");
            string value = text[_position..end];
            _position = end + 1;
            return value;
        }

        public bool Bool()
        {
            SkipSpace();
            foreach (var (word, value) in new[] { ("True", true), ("False", false) })
            {
                if (string.CompareOrdinal(text, _position, word, 0, word.Length) != 0) continue;
                _position += word.Length;
                return value;
            }
            throw Malformed(path, $"`True` or `False` is missing at position {_position}");
        }

        public ImmutableArray<long> Tuple()
        {
            var items = ImmutableArray.CreateBuilder<long>();
            Expect('(');
            while (!TryTake(')'))
            {
                items.Add(Integer());
                if (TryTake(',')) continue;
                Expect(')');
                break;
            }
            return items.ToImmutable();
        }

        private long Integer()
        {
            SkipSpace();
            int start = _position;
            while (_position < text.Length && char.IsAsciiDigit(text[_position])) _position++;
            string digits = text[start.._position];
            // Python 2 wrote a long with an L behind it.
            if (_position < text.Length && text[_position] == 'L') _position++;
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                ? value
                : throw Malformed(path, $"an extent is missing or too large at position {start}");
        }

        private void SkipSpace()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position])) _position++;
        }
    }
}
