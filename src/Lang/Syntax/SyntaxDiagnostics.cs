using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>Errors in the text of a program: TX0xxx.</summary>
public static class SyntaxDiagnostics
{
    public static readonly DiagnosticDescriptor Unexpected = Error(
        "TX0001", "unexpected text", "expected {0}, found {1}", "write {0} here, or remove {1}");

    public static readonly DiagnosticDescriptor UnclosedBracket = Error(
        "TX0002", "bracket not closed", "`{0}` is not closed", "write `{1}` where it ends");

    public static readonly DiagnosticDescriptor UnmatchedBracket = Error(
        "TX0003", "closing bracket without an opening one", "`{0}` closes nothing", "remove it, or open the bracket with `{1}`");

    public static readonly DiagnosticDescriptor WrongBracket = Error(
        "TX0004", "brackets of two kinds", "`{0}` does not close `{1}`", "write `{2}`");

    public static readonly DiagnosticDescriptor BadNumber = Error(
        "TX0005", "malformed number", "`{0}` is not a number", "{1}");

    public static readonly DiagnosticDescriptor NumberTooLarge = Error(
        "TX0006", "number too large", "`{0}` is too large", "{1}");

    public static readonly DiagnosticDescriptor MissingDigit = Error(
        "TX0007", "digit missing beside the point", "a number has a digit on both sides of its point", "write `{0}`");

    public static readonly DiagnosticDescriptor UnterminatedString = Error(
        "TX0008", "string not closed", "a string ends in its line", "write `\"` where the string ends");

    public static readonly DiagnosticDescriptor UnterminatedComment = Error(
        "TX0009", "comment not closed", "this comment has no end", "write `*/` where it ends; comments nest");

    public static readonly DiagnosticDescriptor StrayCharacter = Error(
        "TX0010", "character without a meaning", "{0} has no meaning here", "{1}");

    public static readonly DiagnosticDescriptor ChainedComparison = Error(
        "TX0011", "comparisons do not chain", "`{0}` cannot follow another comparison", "write `{1} && {2} {0} …`");

    public static readonly DiagnosticDescriptor DefaultWithoutRead = Error(
        "TX0012", "default without a read", "`??` stands after a read such as `X[i]`", "write `X[i] ?? v`; it binds tighter than the operators");

    public static readonly DiagnosticDescriptor TooDeep = Error(
        "TX0013", "nested too deeply", "{0} nested more than {1} deep", "give an inner part a name of its own");

    public static readonly DiagnosticDescriptor NotAReduction = Error(
        "TX0014", "not a reduction", "{0}", "{1}");

    public static readonly DiagnosticDescriptor UnknownEscape = Error(
        "TX0015", "unknown escape in a string", "`{0}` means nothing in a string", "known are `\\n`, `\\t`, `\\r`, `\\0`, `\\\"` and `\\\\`; a backslash is `\\\\`");

    public static readonly DiagnosticDescriptor MissingLineEnd = Error(
        "TX0016", "two statements in one line", "the statement should have ended before {0}", "begin a new line, or write `;` between two statements");

    public static readonly DiagnosticDescriptor KeywordAsName = Error(
        "TX0017", "keyword used as a name", "`{0}` is a keyword and no name", "choose another name, for example `{0}_`");

    public static readonly DiagnosticDescriptor OtherSpelling = Error(
        "TX0018", "word or sign of another language", "`{0}` does not belong here", "write `{1}`");

    public static readonly DiagnosticDescriptor ReductionWithoutBody = Error(
        "TX0019", "reduction without a body", "a reduction needs what it reduces: `: …` after its indices", "write `{0}: …)`");

    public static readonly DiagnosticDescriptor TooLong = Error(
        "TX0020", "text too long", "a text has at most {0:N0} words and signs", "move a part into a file of its own and import it");

    public static readonly DiagnosticDescriptor ExactWithoutReduction = Error(
        "TX0021", "`exact` without a reduction", "`exact` stands before a reduction", "write `exact sum(k: …)`, or remove `exact`");

    public static readonly DiagnosticDescriptor FileNotFound = Error(
        "TX0030", "file not found", "there is no file `{0}`", "check the path; it is relative to the current directory");

    public static readonly DiagnosticDescriptor FileIsDirectory = Error(
        "TX0031", "directory in place of a file", "`{0}` is a directory", "name a `.tx` file in it");

    public static readonly DiagnosticDescriptor FileUnreadable = Error(
        "TX0032", "file cannot be read", "`{0}` cannot be read: {1}", "check the permissions of the file");

    public static readonly DiagnosticDescriptor FileTooLarge = Error(
        "TX0033", "file too large", "`{0}` has more than {1:N0} bytes", "move data into a `.npy` file and use `load`");

    public static readonly DiagnosticDescriptor NotText = Error(
        "TX0034", "not text", "`{0}` is not UTF-8 text: byte {1} at offset {2}", "save the file as UTF-8");

    private static DiagnosticDescriptor Error(string code, string title, string message, string help) =>
        new(code, Severity.Error, title, message, help);
}
