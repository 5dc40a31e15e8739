using Tx.Lang.Generated;

namespace Tx.Lang.Formatting;

/// <summary>What a token is to its neighbours, where its type alone does not say it.</summary>
internal enum TokenRole
{
    /// <summary>Its type says it.</summary>
    Plain,
    /// <summary>A name, also where its letters are those of a soft keyword.</summary>
    Name,
    /// <summary>A word of the language.</summary>
    Word,
    /// <summary><c>- ! ~</c> before its operand.</summary>
    Prefix,
    /// <summary>An operator between two operands.</summary>
    Infix,
    /// <summary>The <c>:</c> of <c>? :</c>.</summary>
    Otherwise,
    /// <summary><c>&lt;</c> or <c>&gt;</c> around generic parameters.</summary>
    Angle,
}

/// <summary>A token that is to be laid out.</summary>
/// <param name="Before">What stands between it and the token before it; of the first token of a statement only what belongs to it.</param>
internal sealed record LayoutToken(int Type, string Text, TokenRole Role, Gap Before)
{
    public bool IsOpening => Type is TxLexer.LP or TxLexer.LB;
    public bool IsClosing => Type is TxLexer.RP or TxLexer.RB;

    /// <summary>True where an operand may end with it.</summary>
    public bool EndsOperand => Role is TokenRole.Name || Type is TxLexer.INT or TxLexer.FLOAT or TxLexer.STRING or TxLexer.TRUE or TxLexer.FALSE or TxLexer.RP or TxLexer.RB;

    /// <summary>The binding strength of an operator between operands, 1 the loosest; 0 of anything else.</summary>
    public int Precedence => Role is not TokenRole.Infix ? 0 : Type switch
    {
        TxLexer.OR => 1,
        TxLexer.AND => 2,
        TxLexer.LT or TxLexer.GT or TxLexer.LE or TxLexer.GE or TxLexer.EQ or TxLexer.NE => 3,
        TxLexer.BAR => 4,
        TxLexer.CARET => 5,
        TxLexer.AMP => 6,
        TxLexer.SHL or TxLexer.SHR => 7,
        TxLexer.PLUS or TxLexer.MINUS => 8,
        TxLexer.STAR or TxLexer.SLASH or TxLexer.PCT => 9,
        TxLexer.QQ => 10,
        _ => 0,
    };

    public const int MaxPrecedence = 10;

    /// <summary>True where a space stands between two tokens of one line.</summary>
    public static bool SpaceBetween(LayoutToken left, LayoutToken right)
    {
        if (right.Type is TxLexer.COMMA or TxLexer.SEMI or TxLexer.DOT || right.IsClosing || left.IsOpening || left.Type is TxLexer.DOT) return false;
        if (left.Role is TokenRole.Prefix || left.Type is TxLexer.DOTDOT) return false;
        if (right.Type is TxLexer.DOTDOT) return !left.EndsOperand;
        if (right.Role is TokenRole.Angle || left is { Role: TokenRole.Angle, Type: TxLexer.LT }) return false;
        if (right.Type is TxLexer.COLON) return right.Role is TokenRole.Otherwise;
        if (right.IsOpening) return !(left.EndsOperand || left.Role is TokenRole.Angle) || left.Role is TokenRole.Word;
        return true;
    }
}
