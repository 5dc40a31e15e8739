using Tx.Lang.Generated;

namespace Tx.Lang.Formatting;

/// <summary>Says of each token of one statement what it is to its neighbours.</summary>
internal static class TokenRoles
{
    /// <param name="types">The types of the tokens, braces and what is inside them among them.</param>
    public static TokenRole[] Of(IReadOnlyList<int> types)
    {
        var roles = new TokenRole[types.Count];
        var conditionals = new Stack<int>();
        conditionals.Push(0);
        bool isStart = true, isGeneric = false;
        for (int i = 0; i < types.Count; i++)
        {
            int type = types[i], next = i + 1 < types.Count ? types[i + 1] : 0;
            if (isStart && type is not TxLexer.SEMI and not TxLexer.NL) conditionals = new([0]);
            switch (type)
            {
                case TxLexer.ID:
                    roles[i] = TokenRole.Name;
                    break;
                case TxLexer.MEMORY or TxLexer.UNIT or TxLexer.QUEUE or TxLexer.DMA or TxLexer.RUN or TxLexer.EMIT or TxLexer.CYCLES:
                    roles[i] = isStart && (IsName(next) || next is TxLexer.INT) ? TokenRole.Word : TokenRole.Name;
                    break;
                case TxLexer.EXACT:
                    roles[i] = IsName(next) ? TokenRole.Word : TokenRole.Name;
                    break;
                case >= TxLexer.IMPORT and <= TxLexer.EXTENDS:
                    roles[i] = TokenRole.Word;
                    break;
                case TxLexer.LP or TxLexer.LB:
                    conditionals.Push(0);
                    break;
                case TxLexer.RP or TxLexer.RB:
                    if (conditionals.Count > 1) conditionals.Pop();
                    break;
                case TxLexer.Q:
                    conditionals.Push(conditionals.Pop() + 1);
                    roles[i] = TokenRole.Infix;
                    break;
                case TxLexer.COLON when conditionals.Peek() > 0:
                    conditionals.Push(conditionals.Pop() - 1);
                    roles[i] = TokenRole.Otherwise;
                    break;
                case TxLexer.LT when i >= 2 && types[i - 2] is TxLexer.OP && roles[i - 2] is TokenRole.Word:
                    roles[i] = TokenRole.Angle;
                    isGeneric = true;
                    break;
                case TxLexer.GT when isGeneric:
                    roles[i] = TokenRole.Angle;
                    isGeneric = false;
                    break;
                case TxLexer.BANG or TxLexer.TILDE:
                    roles[i] = TokenRole.Prefix;
                    break;
                case TxLexer.MINUS:
                    roles[i] = i > 0 && !isStart && EndsOperand(types[i - 1], roles[i - 1]) ? TokenRole.Infix : TokenRole.Prefix;
                    break;
                case TxLexer.QQ or TxLexer.SHL or TxLexer.SHR or TxLexer.LE or TxLexer.GE or TxLexer.EQ or TxLexer.NE or TxLexer.AND or TxLexer.OR
                    or TxLexer.LT or TxLexer.GT or TxLexer.PLUS or TxLexer.STAR or TxLexer.SLASH or TxLexer.PCT or TxLexer.AMP or TxLexer.BAR or TxLexer.CARET:
                    roles[i] = TokenRole.Infix;
                    break;
            }
            isStart = type is TxLexer.SEMI or TxLexer.NL or TxLexer.LC;
        }
        return roles;
    }

    private static bool IsName(int type) =>
        type is TxLexer.ID or TxLexer.MEMORY or TxLexer.UNIT or TxLexer.QUEUE or TxLexer.DMA or TxLexer.RUN or TxLexer.EMIT or TxLexer.CYCLES or TxLexer.EXACT;

    private static bool EndsOperand(int type, TokenRole role) =>
        role is TokenRole.Name || type is TxLexer.INT or TxLexer.FLOAT or TxLexer.STRING or TxLexer.TRUE or TxLexer.FALSE or TxLexer.RP or TxLexer.RB;
}
