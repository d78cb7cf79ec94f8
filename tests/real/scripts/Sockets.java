// SPDX-License-Identifier: MIT

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Sockets as Java programs use them. `good` closes all that it opens and prints what it saw; `leak` keeps sockets in two
 * ways. Both then say "ready" and end when their standard input does.
 */
public class Sockets {
	static final InetAddress HOST = InetAddress.getLoopbackAddress();
	static final ExecutorService pool = Executors.newCachedThreadPool();

	static ServerSocket listener() throws IOException {
		return new ServerSocket(0, 50, HOST);
	}

	static Socket client(ServerSocket server) throws IOException {
		return new Socket(HOST, server.getLocalPort());
	}

	/** The call's answer, or the name of what it throws. */
	static String told(Callable<?> call) {
		try {
			return String.valueOf(call.call());
		} catch (Exception error) {
			return error.getClass().getSimpleName();
		}
	}

	/** Until a thread stands in a native call: what is then done to its socket comes from outside. */
	static void untilIn(Thread thread, String method) throws Exception {
		while (true) {
			StackTraceElement[] frames = thread.getStackTrace();
			if (frames.length > 0 && frames[0].isNativeMethod() && frames[0].getMethodName().equals(method))
				return;
			Thread.sleep(1);
		}
	}

	static void released() throws IOException {
		System.out.println("ready");
		System.out.flush();
		System.in.readAllBytes();
	}

	static long socketsHeld() {
		long held = 0;
		for (File entry : new File("/proc/self/fd").listFiles())
			try {
				if (Files.readSymbolicLink(entry.toPath()).toString().startsWith("socket:"))
					held++;
			} catch (IOException closedMeanwhile) {
			}
		return held;
	}

	/** The HTTP clients end their idle connections by themselves, soon. */
	static void untilHeld(long wanted) throws Exception {
		long deadline = System.nanoTime() + 20_000_000_000L;
		while (socketsHeld() > wanted) {
			if (System.nanoTime() > deadline)
				throw new Exception(socketsHeld() + " sockets, not " + wanted);
			Thread.sleep(5);
		}
	}

	static String classic() throws Exception {
		try (ServerSocket server = listener()) {
			Future<Integer> served = pool.submit(() -> {
				List<Future<?>> all = new ArrayList<>();
				for (int i = 0; i < 20; i++) {
					Socket peer = server.accept();
					all.add(pool.submit(() -> {
						try (peer) {
							return peer.getInputStream().transferTo(peer.getOutputStream());
						}
					}));
				}
				for (Future<?> one : all)
					one.get();
				return all.size();
			});
			List<Future<Integer>> answers = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				int size = i * 10_000;
				answers.add(pool.submit(() -> {
					try (Socket socket = client(server)) {
						Future<?> sent = pool.submit(() -> {
							socket.getOutputStream().write(new byte[size]);
							socket.shutdownOutput();
							return null;
						});
						int answer = socket.getInputStream().readAllBytes().length;
						sent.get();
						return answer;
					}
				}));
			}
			StringBuilder sizes = new StringBuilder();
			for (Future<Integer> answer : answers)
				sizes.append(answer.get()).append(' ');
			return sizes + "for " + served.get();
		}
	}

	static String errors() throws Exception {
		ServerSocket server = listener();
		List<String> all = new ArrayList<>();
		try (Socket silent = client(server); Socket peer = server.accept()) {
			silent.setSoTimeout(20);
			all.add(told(() -> silent.getInputStream().read()));
			peer.setSoLinger(true, 0);
			peer.close();
			silent.setSoTimeout(0);
			all.add(told(() -> silent.getInputStream().read()));
		}
		int port = server.getLocalPort();
		server.setSoTimeout(20);
		all.add(told(server::accept));
		server.close();
		all.add(told(() -> new Socket(HOST, port)));
		all.add(told(() -> SocketChannel.open(new InetSocketAddress(HOST, port))));
		return String.join(" ", all);
	}

	/** A socket closed by one thread while another waits in it: dup2() over its number, then close(). */
	static String closedMeanwhile() throws Exception {
		List<String> all = new ArrayList<>();
		for (int round = 0; round < 5; round++)
			try (ServerSocket server = listener(); Socket socket = client(server); Socket peer = server.accept()) {
				String[] answers = new String[2];
				Thread reading = new Thread(() -> answers[0] = told(() -> socket.getInputStream().read()));
				Thread accepting = new Thread(() -> answers[1] = told(server::accept));
				reading.start();
				accepting.start();
				untilIn(reading, "read0");
				untilIn(accepting, "accept");
				socket.close();
				server.close();
				reading.join();
				accepting.join();
				all.addAll(List.of(answers));
				all.add(told(() -> peer.getInputStream().read()));
			}
		for (boolean interrupt : new boolean[] {false, true})
			try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(HOST, 0));
			     SocketChannel socket = SocketChannel.open(server.getLocalAddress());
			     SocketChannel peer = server.accept()) {
				String[] answer = new String[1];
				Thread reading = new Thread(() -> answer[0] = told(() -> socket.read(ByteBuffer.allocate(1))));
				reading.start();
				untilIn(reading, "read0");
				if (interrupt)
					reading.interrupt();
				else
					socket.close();
				reading.join();
				all.add(answer[0]);
				all.add(told(() -> peer.read(ByteBuffer.allocate(1))));
			}
		return String.join(" ", all);
	}

	/** One thread for all clients: epoll. */
	static long serve(ServerSocketChannel server, int clients) throws IOException {
		long bytes = 0;
		ByteBuffer buffer = ByteBuffer.allocate(10_000);
		try (Selector selector = Selector.open(); server) {
			server.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
			while (clients > 0) {
				selector.select();
				for (SelectionKey key : selector.selectedKeys()) {
					if (key.isAcceptable()) {
						SocketChannel peer = server.accept();
						if (peer != null)
							peer.configureBlocking(false).register(selector, SelectionKey.OP_READ);
						continue;
					}
					SocketChannel peer = (SocketChannel) key.channel();
					buffer.clear();
					int got = peer.read(buffer);
					if (got < 0) {
						peer.close();
						clients--;
						continue;
					}
					bytes += got;
					for (buffer.flip(); buffer.hasRemaining();)
						peer.write(buffer);
				}
				selector.selectedKeys().clear();
			}
		}
		return bytes;
	}

	static String selector(ServerSocketChannel server) throws Exception {
		SocketAddress address = server.getLocalAddress();
		Future<Long> served = pool.submit(() -> serve(server, 20));
		List<Future<Long>> answers = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			int size = 1 + i * 1000;
			answers.add(pool.submit(() -> {
				try (SocketChannel socket = SocketChannel.open(address)) {
					socket.write(ByteBuffer.allocate(size));
					socket.shutdownOutput();
					long got = 0;
					ByteBuffer buffer = ByteBuffer.allocate(1000);
					for (int part; (part = socket.read(buffer.clear())) >= 0; got += part)
						;
					return got;
				}
			}));
		}
		long sum = 0;
		for (Future<Long> answer : answers)
			sum += answer.get();
		return sum + " " + served.get();
	}

	static String unix() throws Exception {
		Path folder = Files.createTempDirectory("sockaudit-java-");
		Path path = folder.resolve("socket");
		try {
			return selector(ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path)));
		} finally {
			Files.delete(path);
			Files.delete(folder);
		}
	}

	static String asynchronous() throws Exception {
		AsynchronousChannelGroup group = AsynchronousChannelGroup.withThreadPool(Executors.newCachedThreadPool());
		int sum = 0;
		try (var server = AsynchronousServerSocketChannel.open(group).bind(new InetSocketAddress(HOST, 0))) {
			for (int i = 0; i < 10; i++) {
				var accepted = server.accept();
				try (var socket = AsynchronousSocketChannel.open(group)) {
					socket.connect(server.getLocalAddress()).get();
					try (var peer = accepted.get()) {
						var read = peer.read(ByteBuffer.allocate(100));
						sum += socket.write(ByteBuffer.allocate(10)).get() + read.get();
						var end = peer.read(ByteBuffer.allocate(1));
						socket.close();
						sum += end.get();
					}
				}
			}
		}
		group.shutdownNow();
		return sum + " " + group.awaitTermination(20, java.util.concurrent.TimeUnit.SECONDS);
	}

	static String datagrams() throws Exception {
		try (DatagramSocket server = new DatagramSocket(0, HOST); DatagramSocket client = new DatagramSocket()) {
			byte[] text = "datagram".getBytes();
			client.send(new DatagramPacket(text, text.length, server.getLocalSocketAddress()));
			DatagramPacket packet = new DatagramPacket(new byte[100], 100);
			server.receive(packet);
			server.send(packet);
			client.receive(packet);
			return new String(packet.getData(), 0, packet.getLength());
		}
	}

	/** The server keeps connections and counts them; both clients of the library, kept alive and closed. */
	static String http() throws Exception {
		long before = socketsHeld();
		Set<InetSocketAddress> peers = ConcurrentHashMap.newKeySet();
		HttpServer server = HttpServer.create(new InetSocketAddress(HOST, 0), 0);
		server.setExecutor(pool);
		server.createContext("/", exchange -> {
			peers.add(exchange.getRemoteAddress());
			byte[] body = exchange.getRequestBody().readAllBytes();
			if (exchange.getRequestURI().getPath().equals("/close"))
				exchange.getResponseHeaders().set("Connection", "close");
			exchange.sendResponseHeaders(200, body.length + 2);
			try (OutputStream out = exchange.getResponseBody()) {
				out.write("ok".getBytes());
				out.write(body);
			}
		});
		server.start();
		StringBuilder told = new StringBuilder();
		URI base = URI.create("http://" + HOST.getHostAddress() + ":" + server.getAddress().getPort());
		HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
		for (String path : new String[] {"/keep", "/close"}) {
			int size = 0;
			for (int i = 0; i < 10; i++)
				size += client.send(HttpRequest.newBuilder(base.resolve(path))
					.POST(HttpRequest.BodyPublishers.ofString("x".repeat(i * 1000))).build(),
					BodyHandlers.ofString()).body().length();
			told.append(path + " " + size + " over " + peers.size() + ", ");
		}
		var together = IntStream.range(0, 10).mapToObj(i ->
			client.sendAsync(HttpRequest.newBuilder(base).build(), BodyHandlers.ofString())).toList();
		for (var one : together)
			told.append(one.get().body());
		for (String path : new String[] {"/", "/close"})
			for (int i = 0; i < 3; i++) {
				var connection = (HttpURLConnection) base.resolve(path).toURL().openConnection();
				try (InputStream in = connection.getInputStream()) {
					told.append(' ').append(in.readAllBytes().length);
				}
			}
		server.stop(0);
		untilHeld(before);
		return told.toString();
	}

	/** The launcher of processes sweeps over all numbers of descriptors. */
	static String processes() throws Exception {
		StringBuilder told = new StringBuilder();
		try (ServerSocket server = listener(); Socket socket = client(server); Socket peer = server.accept()) {
			for (int i = 0; i < 3; i++) {
				Process process = new ProcessBuilder("cat").start();
				try (OutputStream out = process.getOutputStream()) {
					out.write(("process " + i + ", ").getBytes());
				}
				told.append(new String(process.getInputStream().readAllBytes())).append(process.waitFor()).append("; ");
			}
			peer.getOutputStream().write(7);
			return told.toString() + socket.getInputStream().read();
		}
	}

	/** Six that were read to their end, four whose end nobody looked at; others like them are closed. */
	static void leak() throws Exception {
		ServerSocket server = listener();
		List<Socket> kept = new ArrayList<>();
		for (int i = 0; i < 12; i++) {
			Socket socket = client(server);
			Socket peer = server.accept();
			socket.getOutputStream().write(i);
			socket.close();
			if (i < 8)
				peer.getInputStream().readAllBytes();
			if (i < 2)
				peer.close();
			else
				kept.add(peer);
		}
		released();
		System.exit(kept.size() - 10);
	}

	interface Scene {
		String play() throws Exception;
	}

	static void show(String name, Scene scene) throws Exception {
		System.out.println(name + ": " + scene.play());
	}

	public static void main(String[] arguments) throws Exception {
		if (arguments[0].equals("leak"))
			leak();
		show("classic", Sockets::classic);
		show("errors", Sockets::errors);
		show("closedMeanwhile", Sockets::closedMeanwhile);
		show("selector", () -> selector(ServerSocketChannel.open().bind(new InetSocketAddress(HOST, 0))));
		show("unix", Sockets::unix);
		show("asynchronous", Sockets::asynchronous);
		show("datagrams", Sockets::datagrams);
		show("http", Sockets::http);
		show("processes", Sockets::processes);
		released();
		System.exit(0);
	}
}
