/** Passes on what is said between the program and a server, and remembers what the program has said. */
export class Relay implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #connections: Deno.TcpConn[] = [];
  readonly #said: number[] = [];
  readonly #running: Promise<void>;

  /** @param hostname where it listens: an address of this machine */
  constructor(hostname: string, readonly server: { readonly hostname: string; readonly port: number }) {
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#running = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** As text, byte by byte. */
  get said(): string {
    return String.fromCharCode(...this.#said);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect(this.server);
      this.#connections.push(client, server);
      const listening = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          this.#said.push(...chunk);
          controller.enqueue(chunk);
        },
      });
      client.readable.pipeThrough(listening).pipeTo(server.writable).catch(() => {});
      server.readable.pipeTo(client.writable).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // already closed by the other side
      }
    }
    await this.#running.catch(() => {});
  }
}
