using System.Net;
using System.Net.Sockets;
using System.Text;
using Licensing.Host.Mail;
using Licensing.Kernel.Mail;

namespace Licensing.Scenarios.Tests.Letters;

public sealed class MailSenderTests
{
    private static readonly Guid Number = Guid.Parse("019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01");
    private static readonly Letter Written = new("ada@example.com", "Schöne Grüße", "Hello Ada,\n\nhttp://localhost/activate#token=abc\n");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_letter_becomes_one_file_however_often_it_is_sent_and_nobody_else_reads_it()
    {
        var folder = Directory.CreateTempSubdirectory("mail-").FullName;
        var target = Path.Combine(folder, "out");
        var sender = new PickupFolder(new MailSettings { From = "Licensing <from@licensing.example>" }, target);
        // What a process left that died while it wrote.
        Directory.CreateDirectory(Path.Combine(target, ".writing", $"{Number}"));
        await File.WriteAllTextAsync(Path.Combine(target, ".writing", $"{Number}", "half.eml"), "half", Ct);

        await sender.SendAsync(Number, Written, Ct);
        await sender.SendAsync(Number, Written, Ct);

        var file = Directory.GetFiles(target).ShouldHaveSingleItem();
        Path.GetFileName(file).ShouldBe("019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01.eml");
        var text = await File.ReadAllTextAsync(file, Ct);
        text.ShouldContain("<019bc0e55c007d3a9f106b1f2e4a7c01@licensing.example>");
        text.ShouldContain("ada@example.com");
        text.ShouldContain("=?utf-8?");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_letter_reaches_an_SMTP_host()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = ReceiveAsync(listener);
        var smtp = new SmtpSettings { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, Tls = false };

        await new SmtpHost(new MailSettings { From = "Licensing <from@licensing.example>", Smtp = smtp }).SendAsync(Number, Written, Ct);

        var said = await received;
        said.ShouldContain("MAIL FROM:<from@licensing.example>");
        said.ShouldContain("RCPT TO:<ada@example.com>");
        said.ShouldContain("<019bc0e55c007d3a9f106b1f2e4a7c01@licensing.example>");
    }

    [Fact]
    public async Task An_address_that_is_two_or_smuggles_a_header_is_not_sent_to()
    {
        var sender = new SmtpHost(new MailSettings { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = 1, Tls = false } });

        await Should.ThrowAsync<FormatException>(() => sender.SendAsync(Number, Written with { To = "a@example.com\r\nBcc: b@example.com" }, Ct));
        await Should.ThrowAsync<ArgumentException>(() => sender.SendAsync(Number, Written with { Subject = "a\r\nBcc: b@example.com" }, Ct));
    }

    // As much of RFC 5321 as a client needs.
    private static async Task<string> ReceiveAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(Ct);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        var said = new StringBuilder();
        var inLetter = false;
        await writer.WriteLineAsync("220 ready");
        while (await reader.ReadLineAsync(Ct) is { } line)
        {
            said.AppendLine(line);
            if (inLetter && line != ".")
                continue;
            inLetter = line == "DATA";
            await writer.WriteLineAsync(line == "DATA" ? "354 go on" : line == "QUIT" ? "221 bye" : "250 ok");
            if (line == "QUIT")
                break;
        }

        return said.ToString();
    }
}
