// SPDX-License-Identifier: BSD-2-Clause
// java Echo: an echo server on one NIO selector. Prints the class of the
// selector and "listening PORT"; ends when the byte 'q' comes on its input.
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;

public class Echo {
	private final Selector selector;
	private volatile boolean stop;

	private Echo() throws IOException {
		selector = Selector.open();
	}

	private void serve() throws IOException {
		ServerSocketChannel server = ServerSocketChannel.open();
		server.bind(new InetSocketAddress(
		    InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 256);
		server.configureBlocking(false);
		server.register(selector, SelectionKey.OP_ACCEPT);
		System.out.println(selector.getClass().getName());
		System.out.println("listening "
		    + ((InetSocketAddress)server.getLocalAddress()).getPort());
		while (!stop) {
			selector.select();
			Iterator<SelectionKey> keys =
			    selector.selectedKeys().iterator();
			while (keys.hasNext()) {
				SelectionKey key = keys.next();
				keys.remove();
				if (key.isAcceptable())
					accept(server);
				else
					turn(key);
			}
		}
		server.close();
		selector.close();
	}

	private void accept(ServerSocketChannel server) throws IOException {
		SocketChannel channel = server.accept();

		if (channel == null)
			return;
		channel.configureBlocking(false);
		channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
		channel.register(selector, SelectionKey.OP_READ,
		    ByteBuffer.allocateDirect(16384));
	}

	// Reads what fits, writes what goes, and waits for the other way only
	// while there is something to write.
	private void turn(SelectionKey key) throws IOException {
		SocketChannel channel = (SocketChannel)key.channel();
		ByteBuffer buffer = (ByteBuffer)key.attachment();

		if (key.isReadable() && channel.read(buffer) < 0
		    && buffer.position() == 0) {
			channel.close();
			return;
		}
		buffer.flip();
		channel.write(buffer);
		key.interestOps(buffer.hasRemaining() ? SelectionKey.OP_WRITE
						      : SelectionKey.OP_READ);
		buffer.compact();
	}

	private void quitOnInput() {
		try {
			while (System.in.read() != 'q')
				continue;
		} catch (IOException error) {
			System.out.println(error);
		}
		stop = true;
		selector.wakeup();
	}

	public static void main(String[] args) throws Exception {
		Echo echo = new Echo();
		Thread input = new Thread(echo::quitOnInput);

		input.setDaemon(true);
		input.start();
		echo.serve();
		System.out.println("ended");
	}
}
