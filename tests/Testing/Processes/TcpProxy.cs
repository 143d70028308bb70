using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Licensing.Testing;

/// <summary>Which way bytes go through a <see cref="TcpProxy"/>.</summary>
public enum Heading { ToServer, ToClient }

/// <summary>What a <see cref="TcpProxy"/> does with bytes that came.</summary>
public enum Passage
{
    /// <summary>Sends them on.</summary>
    Pass,

    /// <summary>Ends the connection on both sides; the bytes are lost.</summary>
    Cut,

    /// <summary>Sends them on, and then ends the connection.</summary>
    PassAndCut,

    /// <summary>Keeps them, and the connection open: the other side waits.</summary>
    Swallow,
}

/// <summary>
/// A wire on the loopback that a test can cut where it likes: before a request, in the middle of it, or after the server has done it and
/// before its answer arrives.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Wire, byte> _wires = new();
    private readonly Task _accepting;

    /// <param name="target">The port on the loopback that it leads to.</param>
    public TcpProxy(int target)
    {
        Target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port { get; }

    /// <summary>Where new connections lead to.</summary>
    public int Target { get; set; }

    /// <summary>Asked for all bytes that arrive; null lets everything through. It may be called by several connections at once.</summary>
    public Func<Heading, ReadOnlyMemory<byte>, Passage>? Fault { get; set; }

    /// <summary>Ends every connection there is.</summary>
    public void CutAll()
    {
        foreach (var wire in _wires.Keys)
            wire.Cut();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        CutAll();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (!_ending.IsCancellationRequested)
            {
                var client = await _listener.AcceptSocketAsync(_ending.Token);
                running.RemoveAll(task => task.IsCompleted);
                running.Add(ServeAsync(client));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The listener was stopped.
        }

        CutAll();
        await Task.WhenAll(running);
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            var wire = new Wire(client, server);
            _wires.TryAdd(wire, 0);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, Target, _ending.Token);
                await Task.WhenAll(PumpAsync(wire, Heading.ToServer), PumpAsync(wire, Heading.ToClient));
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Nobody listens there now: the client sees its connection end.
            }
            finally
            {
                _wires.TryRemove(wire, out _);
                wire.Cut();
            }
        }
    }

    private async Task PumpAsync(Wire wire, Heading heading)
    {
        var (from, to) = heading is Heading.ToServer ? (wire.Client, wire.Server) : (wire.Server, wire.Client);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, SocketFlags.None, _ending.Token) is var read and > 0)
            {
                var passage = Fault?.Invoke(heading, buffer.AsMemory(0, read)) ?? Passage.Pass;
                if (passage is Passage.Pass or Passage.PassAndCut)
                    await SendAllAsync(to, buffer.AsMemory(0, read));
                if (passage is Passage.Cut or Passage.PassAndCut)
                    break;
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side is gone, and so is the wire.
        }

        wire.Cut();
    }

    private async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await to.SendAsync(bytes, SocketFlags.None, _ending.Token)..];
    }

    private sealed record Wire(Socket Client, Socket Server)
    {
        public void Cut()
        {
            foreach (var end in (Socket[])[Client, Server])
                try
                {
                    end.Shutdown(SocketShutdown.Both);
                }
                catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
                {
                    // It is cut already.
                }
        }
    }
}
