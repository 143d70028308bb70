using Licensing.Host.Ops;

namespace Licensing.Kernel.Tests.Ops;

public sealed class OpsProgressTests
{
    [Fact]
    public void The_line_ends_once_however_often_it_is_told_that_all_is_done()
    {
        var errors = new StringWriter();
        var bar = OpsProgress.Bar(errors);
        foreach (var done in (int[])[1, 2, 2, 3])
            bar(done, 2);
        errors.ToString().ShouldBe($"\r{new string('━', 20)}{new string(' ', 20)} 1 of 2\r{new string('━', 40)} 2 of 2{Environment.NewLine}");
    }
}
