using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tx.Repl.Lsp;

// The parts of the language server protocol (3.17) that the server speaks. Names are those of the specification.

internal sealed record RequestMessage(JsonElement? Id = null, string? Method = null, JsonElement? Params = null);
internal sealed record ResponseError(int Code, string Message);
internal sealed record ErrorMessage(string Jsonrpc, JsonElement? Id, ResponseError Error);
internal sealed record ResultMessage<T>(string Jsonrpc, JsonElement Id, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] T? Result);
internal sealed record NotificationMessage<T>(string Jsonrpc, string Method, T Params);

internal sealed record Position(int Line, int Character);
internal sealed record Range(Position Start, Position End);
internal sealed record Location(string Uri, Range Range);
internal sealed record MarkupContent(string Kind, string Value);
internal sealed record TextEdit(Range Range, string NewText);

internal sealed record InitializeParams(InitializeCapabilities? Capabilities = null);
internal sealed record InitializeCapabilities(GeneralCapabilities? General = null);
internal sealed record GeneralCapabilities(string[]? PositionEncodings = null);
internal sealed record InitializeResult(ServerCapabilities Capabilities, ServerInfo ServerInfo);
internal sealed record ServerInfo(string Name, string Version);
internal sealed record SyncOptions(bool OpenClose, int Change);
internal sealed record CompletionOptions(string[] TriggerCharacters);
internal sealed record SignatureOptions(string[] TriggerCharacters);
internal sealed record SemanticLegend(string[] TokenTypes, string[] TokenModifiers);
internal sealed record SemanticOptions(SemanticLegend Legend, bool Full);
internal sealed record CodeLensOptions(bool ResolveProvider);
internal sealed record ServerCapabilities(
    string PositionEncoding, SyncOptions TextDocumentSync, CompletionOptions CompletionProvider, SignatureOptions SignatureHelpProvider, bool HoverProvider, bool DefinitionProvider,
    bool DocumentSymbolProvider, bool DocumentFormattingProvider, bool InlayHintProvider, SemanticOptions SemanticTokensProvider, CodeLensOptions CodeLensProvider, bool CodeActionProvider);

internal sealed record DocumentIdentifier(string Uri, int? Version = null);
internal sealed record DocumentItem(string Uri, int Version, string Text);
internal sealed record OpenParams(DocumentItem TextDocument);
internal sealed record CloseParams(DocumentIdentifier TextDocument);
internal sealed record ContentChange(string Text, Range? Range = null);
internal sealed record ChangeParams(DocumentIdentifier TextDocument, ContentChange[] ContentChanges);
internal sealed record CancelParams(JsonElement Id);
internal sealed record DocumentParams(DocumentIdentifier TextDocument);
internal sealed record PositionParams(DocumentIdentifier TextDocument, Position Position);
internal sealed record RangeParams(DocumentIdentifier TextDocument, Range Range);

internal sealed record RelatedInformation(Location Location, string Message);
internal sealed record CodeDescription(string Href);
internal sealed record LspDiagnostic(Range Range, int Severity, string Code, string Source, string Message, RelatedInformation[]? RelatedInformation);
internal sealed record PublishParams(string Uri, int Version, LspDiagnostic[] Diagnostics);

internal sealed record CompletionItem(string Label, int Kind, string? Detail, MarkupContent? Documentation, string SortText, TextEdit TextEdit);
internal sealed record CompletionList(bool IsIncomplete, CompletionItem[] Items);
internal sealed record Hover(MarkupContent Contents, Range Range);
internal sealed record ParameterInformation(string Label);
internal sealed record SignatureInformation(string Label, MarkupContent? Documentation, ParameterInformation[] Parameters);
internal sealed record SignatureHelp(SignatureInformation[] Signatures, int ActiveSignature, int? ActiveParameter);
internal sealed record LspSymbol(string Name, string? Detail, int Kind, Range Range, Range SelectionRange, LspSymbol[] Children);
internal sealed record SemanticTokens(int[] Data);
internal sealed record LspHint(Position Position, string Label, int Kind, bool PaddingLeft);
internal sealed record LspCommand(string Title, string Command, string[] Arguments);
internal sealed record CodeLens(Range Range, LspCommand Command);
internal sealed record WorkspaceEdit(Dictionary<string, TextEdit[]> Changes);
internal sealed record CodeAction(string Title, string Kind, bool IsPreferred, LspDiagnostic[] Diagnostics, WorkspaceEdit Edit);

/// <summary>Serialisers without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RequestMessage))]
[JsonSerializable(typeof(ErrorMessage))]
[JsonSerializable(typeof(ResultMessage<InitializeResult>))]
[JsonSerializable(typeof(ResultMessage<CompletionList>))]
[JsonSerializable(typeof(ResultMessage<Hover>))]
[JsonSerializable(typeof(ResultMessage<SignatureHelp>))]
[JsonSerializable(typeof(ResultMessage<Location[]>))]
[JsonSerializable(typeof(ResultMessage<LspSymbol[]>))]
[JsonSerializable(typeof(ResultMessage<SemanticTokens>))]
[JsonSerializable(typeof(ResultMessage<LspHint[]>))]
[JsonSerializable(typeof(ResultMessage<CodeLens[]>))]
[JsonSerializable(typeof(ResultMessage<CodeAction[]>))]
[JsonSerializable(typeof(ResultMessage<TextEdit[]>))]
[JsonSerializable(typeof(ResultMessage<string>))]
[JsonSerializable(typeof(NotificationMessage<PublishParams>))]
[JsonSerializable(typeof(InitializeParams))]
[JsonSerializable(typeof(OpenParams))]
[JsonSerializable(typeof(CloseParams))]
[JsonSerializable(typeof(ChangeParams))]
[JsonSerializable(typeof(CancelParams))]
[JsonSerializable(typeof(DocumentParams))]
[JsonSerializable(typeof(PositionParams))]
[JsonSerializable(typeof(RangeParams))]
internal sealed partial class LspJson : JsonSerializerContext;
