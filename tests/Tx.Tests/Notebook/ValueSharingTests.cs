using Tx.Core;
using Tx.Repl.Polyglot;
using Tx.Runtime;

namespace Tx.Tests.Notebook;

/// <summary>Values to JSON and back.</summary>
public class ValueSharingTests
{
    [Theory]
    [InlineData("3", "int", "3")]
    [InlineData("2.5", "f64", "2.5")]
    [InlineData("1e3", "f64", "1000")]
    [InlineData("true", "bool", "true")]
    [InlineData("\"text\"", "text", "\"text\"")]
    [InlineData("[1,2,3]", "i32[3]", "[1,2,3]")]
    [InlineData("[3000000000]", "i64[1]", "[3000000000]")]
    [InlineData("[[1.5,2],[0.1,\"Infinity\"]]", "f32[2, 2]", "[[1.5,2],[0.1,\"Infinity\"]]")]
    [InlineData("[true,false]", "bool[2]", "[true,false]")]
    [InlineData("[]", "f32[0]", "[]")]
    [InlineData("[[],[]]", "f32[2, 0]", "[[],[]]")]
    public void ComesAndGoes(string json, string type, string back)
    {
        var value = ValueSharing.FromFormatted("v", ValueSharing.JsonType, json, new TensorAllocator());
        Assert.Equal(type, value.Describe());
        Assert.Equal(back, ValueSharing.ToJson(value));
        (value as TensorValue)?.Data?.Dispose();
    }

    [Theory]
    [InlineData("[[1],[2,3]]", "rows have different lengths")]
    [InlineData("[1,\"a\"]", "items are no numbers")]
    [InlineData("{\"a\":1}", "it is an object")]
    [InlineData("null", "it is null")]
    [InlineData("[1,", "JSON cannot be read")]
    public void WhatTxHasNotIsRefused(string json, string why) =>
        Assert.Contains(why, Assert.Throws<CommandException>(() => ValueSharing.FromFormatted("v", ValueSharing.JsonType, json, new TensorAllocator())).Message, StringComparison.Ordinal);

    [Fact]
    public void EveryIntegerIsExact()
    {
        var memory = new TensorAllocator();
        using var tensor = memory.Allocate(ElementType.U64, [2]);
        tensor[0] = Scalar.Of(ElementType.U64, -1);
        tensor[1] = Scalar.Of(ElementType.U64, 0L);
        Assert.Equal("[18446744073709551615,0]", ValueSharing.ToJson(new TensorValue(ElementType.U64, [2], tensor)));
    }
}
