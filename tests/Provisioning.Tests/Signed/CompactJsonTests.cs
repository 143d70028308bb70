using System.Security.Cryptography;
using System.Text;
using Licensing.Provisioning.Signed;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>The form of a body that its token holds the hash of.</summary>
public sealed class CompactJsonTests
{
    [Fact]
    public void The_published_check_vector_holds()
    {
        const string Body =
            """{"serial":"EXAMPLECUSTOMER1D57107A415DEE77F","digitalOnlySeats":15,"essentialSeats":15,"professionalSeats":15,"eliteSeats":15"""
            + ""","workforceOptimizationSeats":15,"workforceManagementSeats":15,"speechAnalyticsSeats":6,"dialerSeats":6"""
            + ""","additionalAiMessages":6000}""";
        const string Hash = "fc9be0662a10e190e7faf49a4906398a9d6b9df47d7bbdac1b182dadb2044bcc";
        var pretty = Body.Replace(",", " ,\n  ", StringComparison.Ordinal).Replace(":", "\t:\r\n", StringComparison.Ordinal);
        Convert.ToHexStringLower(SHA256.HashData(CompactJson.Of(Encoding.UTF8.GetBytes(pretty))!)).ShouldBe(Hash);
    }

    [Theory]
    [InlineData(" { } ", "{}")]
    [InlineData("[ 1.0 , 1e+5 , -0 , true , null , { \"a\\u0041\\/\" : \" x \" } ]", "[1.0,1e+5,-0,true,null,{\"a\\u0041\\/\":\" x \"}]")]
    [InlineData("{\"a\":{\"b\":[[],{}]},\"a\":1}", "{\"a\":{\"b\":[[],{}]},\"a\":1}")]
    [InlineData("\"ü\u2028\"", "\"ü\u2028\"")]
    [InlineData("{", null)]
    [InlineData("", null)]
    [InlineData("1 2", null)]
    public void Lexemes_stay_and_white_space_between_them_goes(string json, string? compact) =>
        (CompactJson.Of(Encoding.UTF8.GetBytes(json)) is { } bytes ? Encoding.UTF8.GetString(bytes) : null).ShouldBe(compact);
}
