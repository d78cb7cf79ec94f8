# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# Sockets as ruby programs use them. `good` closes all that it opens and prints what it saw; `leak` keeps sockets in two
# ways. Both then say "ready" and end when their standard input does. `descendant` is a child of `good`.
require 'io/wait'
require 'net/http'
require 'socket'
require 'timeout'
require 'tmpdir'

HOST = '127.0.0.1'

def served(server, count)
  Thread.new do
    Array.new(count) { Thread.new(server.accept) { |peer| yield peer } }.each(&:join)
  ensure
    server.close
  end
end

def port_of(server)
  server.local_address.ip_port
end

def released
  puts('ready')
  $stdout.flush
  $stdin.read
end

SCENES = {
  threads: lambda {
    server = TCPServer.new(HOST, 0)
    thread = served(server, 20) { |peer| peer.puts(peer.gets.reverse.strip) while peer.wait_readable && !peer.eof?; peer.close }
    sizes = Array.new(20) do |number|
      Thread.new do
        TCPSocket.open(HOST, port_of(server)) do |client|
          3.times { client.puts('ab' * number * 1000) }
          client.close_write
          client.read.size
        end
      end
    end
    sizes = sizes.map(&:value)
    thread.join
    sizes.join(' ')
  },

  # One loop for all, with calls that never wait.
  selecting: lambda {
    server = TCPServer.new(HOST, 0)
    child = fork do
      clients = Array.new(15) { |number| TCPSocket.new(HOST, port_of(server)).tap { |c| c.write('x' * number * 1000) } }
      clients.each(&:close_write)
      exit!(clients.sum { |client| client.read.size.tap { client.close } } == 105_000 ? 0 : 1)
    end
    peers = []
    bytes = 0
    left = 15
    while left.positive?
      IO.select([server, *peers]).first.each do |ready|
        if ready == server
          peer = server.accept_nonblock(exception: false)
          peers << peer unless peer == :wait_readable
          next
        end
        data = ready.read_nonblock(777, exception: false)
        next if data == :wait_readable

        if data
          bytes += data.size
          ready.write_nonblock(data)
        else
          peers.delete(ready).close
          left -= 1
        end
      end
    end
    Process.wait(child)
    server.close
    "#{bytes} #{$?.exitstatus}"
  },

  forking: lambda {
    server = TCPServer.new(HOST, 0)
    acceptor = fork do
      children = Array.new(10) do |number|
        peer = server.accept
        pid = fork do
          server.close
          peer.write("#{peer.readpartial(100)} #{number % 10}")
          peer.close
          number.even? ? exit!(0) : exit(0)
        end
        peer.close
        pid
      end
      server.close
      exit!(children.count { |pid| Process.wait2(pid)[1].exitstatus != 0 })
    end
    sizes = Array.new(10) do
      TCPSocket.open(HOST, port_of(server)) { |client| client.write('question'); client.read.size }
    end
    Process.wait(acceptor)
    server.close
    "#{sizes.join(' ')} #{$?.exitstatus}"
  },

  # Descriptors passed over a pair: the sender closes its own.
  passing: lambda {
    ours, theirs = UNIXSocket.pair
    server = TCPServer.new(HOST, 0)
    child = fork do
      ours.close
      server.close
      5.times do
        peer = theirs.recv_io(TCPSocket)
        peer.write(peer.gets.upcase)
        peer.close
      end
      theirs.close
      exit!(5)
    end
    theirs.close
    answers = Array.new(5) do |number|
      client = TCPSocket.new(HOST, port_of(server))
      peer = server.accept
      ours.send_io(peer)
      peer.close
      client.puts("passed #{number}")
      client.read.strip.tap { client.close }
    end
    ours.close
    server.close
    Process.wait(child)
    "#{answers.join(', ')} #{$?.exitstatus}"
  },

  unix: lambda {
    Dir.mktmpdir('sockaudit-ruby-') do |folder|
      path = File.join(folder, 'socket')
      UNIXServer.open(path) do |server|
        client = UNIXSocket.new(path)
        peer = server.accept
        client.sendmsg('a message')
        text = peer.recvmsg(100)[0]
        client.close
        rest = peer.read
        peer.close
        "#{text} #{rest.inspect}"
      end
    end
  },

  # Programs that find a socket as a number of theirs, and as their standard streams.
  spawning: lambda {
    server = TCPServer.new(HOST, 0)
    answers = %i[number streams].map do |way|
      client = TCPSocket.new(HOST, port_of(server))
      peer = server.accept
      pid =
        if way == :number
          Process.spawn(RbConfig.ruby, '--disable-gems', __FILE__, 'descendant', peer.fileno.to_s, peer => peer)
        else
          Process.spawn('cat', in: peer, out: peer)
        end
      peer.close
      client.write('inherited')
      client.close_write
      text = client.read
      client.close
      Process.wait(pid)
      "#{text} #{$?.exitstatus}"
    end
    server.close
    IO.popen(%w[cat], 'r+') { |pipe| pipe.write('piped'); pipe.close_write; answers << pipe.read }
    answers.join(', ')
  },

  http: lambda {
    server = TCPServer.new(HOST, 0)
    connections = 0
    thread = Thread.new do
      workers = []
      loop do
        peer = server.accept
        connections += 1
        workers << Thread.new do
          while (line = peer.gets)
            length = 0
            while (header = peer.gets) && header != "\r\n"
              length = header[/^content-length: (\d+)/i, 1].to_i if header =~ /^content-length/i
            end
            peer.read(length)
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n#{line[0, 5].ljust(5)}")
          end
          peer.close
        end
      end
    rescue IOError
      workers.each(&:join)
    end
    # Kept, then one connection for each request.
    answers = Net::HTTP.start(HOST, port_of(server), nil) do |http|
      Array.new(5) { |number| number.even? ? http.get('/').body : http.post('/', 'b' * 5000).body }
    end
    5.times { answers << Net::HTTP.get(URI("http://#{HOST}:#{port_of(server)}/")) }
    server.close
    thread.join
    "#{answers.join(' ')} over #{connections}"
  },

  errors: lambda {
    server = TCPServer.new(HOST, 0)
    port = port_of(server)
    client = TCPSocket.new(HOST, port)
    peer = server.accept
    client.setsockopt(:SOCKET, :LINGER, [1, 0].pack('ii'))
    client.close
    told = [-> { peer.readpartial(10) }, -> { peer.write('x') }].map { |call| call.call rescue $!.class }
    peer.close
    # Closed by one thread while another waits in it.
    silent = TCPSocket.new(HOST, port)
    waiting = Thread.new { silent.read(1) rescue $!.class }
    Thread.pass until waiting.stop?
    silent.close
    told << waiting.value
    server.close
    told << (TCPSocket.new(HOST, port) rescue $!.class)
    udp = UDPSocket.new
    udp.connect(HOST, port)
    told << (udp.send('x', 0) && udp.recv(1) rescue $!.class)
    udp.close
    told.join(' ')
  },

  happyEyeballs: lambda {
    Addrinfo.tcp(HOST, 0).listen do |server|
      port = server.local_address.ip_port
      Socket.tcp('localhost', port) { |client| server.accept[0].close; client.read.inspect }
    end
  }
}.freeze

# Six that were read to their end, four whose end nobody looked at; others like them are closed.
def leak
  server = TCPServer.new(HOST, 0)
  kept = Array.new(12) do |number|
    client = TCPSocket.new(HOST, port_of(server))
    peer = server.accept
    client.puts('line')
    client.close
    peer.read if number < 8
    number < 2 ? peer.close : peer
  end
  released
  exit!(kept.compact.size - 10)
end

case ARGV[0]
when 'leak' then leak
when 'descendant'
  peer = TCPSocket.for_fd(ARGV[1].to_i)
  peer.write(peer.read.upcase)
  peer.close
else
  $stdout.sync = true
  SCENES.each { |name, scene| puts("#{name}: #{scene.call}") }
  released
end
